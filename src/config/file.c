#include "config/file.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/scan.h"
#include "config/secret.h"
#include "config/settings.h"

#define SECTION_MAX 64 /* settings in one section */
#define SITE_NAME_MAX 64

int
config_add_site(struct config *c, const char *name, struct config_site **ret_site, struct err *e)
{
	struct config_site *grown;

	if (c->n_sites >= CONFIG_MAX_SITES)
		return err_set(e, ERR_LIMIT, "more than %d sites", CONFIG_MAX_SITES);
	grown = realloc(c->sites, (c->n_sites + 1) * sizeof(*grown));
	if (grown == NULL)
		return err_nomem(e);
	c->sites = grown;
	*ret_site = &c->sites[c->n_sites];
	**ret_site = (struct config_site){ .name = strdup(name) };
	if ((*ret_site)->name == NULL)
		return err_nomem(e);
	c->n_sites++;
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == SECTION_SITE && setting_default(s, *ret_site, e) != 0)
			return -1;
	return 0;
}

/* ---- libConfuse's callbacks, which take no argument of ours ---------------------------------- */

static struct {
	const char *file;
	struct err *e; /* of the first error; NULL once it is set */
} parse;

static void __attribute__((format(printf, 2, 0)))
note_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[256];

	if (parse.e == NULL)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	err_set(parse.e, ERR_INPUT, "%s:%d: %s", parse.file, cfg->line, text);
	parse.e = NULL;
}

static enum setting_section
section_of(const cfg_t *cfg)
{
	enum setting_section section;

	return setting_section_find(cfg->name, &section) == 0 ? section : SECTION_TOP;
}

static int
refuse(cfg_t *cfg, const struct err *why)
{
	if (parse.e != NULL)
		err_set(parse.e, why->code, "%s:%d: %s", parse.file, cfg->line, why->text);
	parse.e = NULL;
	return -1;
}

/* Called for each value and, for a list, once more at its end. */
static int
validate(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct setting *s = setting_find(section_of(cfg), opt->name);
	unsigned n = cfg_opt_size(opt);
	struct err why = { 0 };

	if (s == NULL || n == 0)
		return 0;
	if (setting_check(s, cfg_opt_getnstr(opt, n - 1), &why) != 0)
		return refuse(cfg, &why);
	return 0;
}

static bool
name_is_plain(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= SITE_NAME_MAX
	       && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
		      == n;
}

static int
validate_site(cfg_t *cfg, cfg_opt_t *opt)
{
	const cfg_t *site = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	struct err why = { 0 };

	if (name_is_plain(site->title))
		return 0;
	err_set(&why, ERR_INPUT,
	    "a site's name must be 1 to %d letters, digits, dots, dashes or underscores, not "
	    "\"%.64s\"",
	    SITE_NAME_MAX, site->title);
	return refuse(cfg, &why);
}

/* ---- from libConfuse's tree to ours ---------------------------------------------------------- */

static void
describe_section(enum setting_section section, cfg_opt_t opts[SECTION_MAX])
{
	size_t n = 0;

	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->section != section || n + 1 >= SECTION_MAX)
			continue;
		/* Texts all of them: the table in settings.c knows types and ranges better. */
		opts[n] = (cfg_opt_t)CFG_STR(s->name, NULL, CFGF_NODEFAULT);
		if (s->type == SETTING_LIST)
			opts[n] = (cfg_opt_t)CFG_STR_LIST(s->name, NULL, CFGF_NODEFAULT);
		opts[n++].validcb = validate;
	}
	opts[n] = (cfg_opt_t)CFG_END();
}

static cfg_t *
make_tree(void)
{
	cfg_opt_t top[SECTION_MAX + 3], ingest[SECTION_MAX], retention[SECTION_MAX];
	cfg_opt_t site[SECTION_MAX];
	size_t n = 0;

	describe_section(SECTION_TOP, top);
	describe_section(SECTION_INGEST, ingest);
	describe_section(SECTION_RETENTION, retention);
	describe_section(SECTION_SITE, site);
	while (top[n].name != NULL)
		n++;
	top[n++] = (cfg_opt_t)CFG_SEC("ingest", ingest, CFGF_NONE);
	top[n++] = (cfg_opt_t)CFG_SEC("retention", retention, CFGF_NONE);
	top[n] = (cfg_opt_t)CFG_SEC("site", site, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	top[n++].validcb = validate_site;
	top[n] = (cfg_opt_t)CFG_END();
	return cfg_init(top, CFGF_NONE);
}

static int
take_section(cfg_t *cfg, enum setting_section section, void *base, struct err *e)
{
	for (const struct setting *s = settings; s->name != NULL; s++) {
		cfg_opt_t *opt = s->section == section ? cfg_getopt(cfg, s->name) : NULL;

		if (opt == NULL || (opt->flags & CFGF_MODIFIED) == 0)
			continue;
		setting_clear(s, base);
		for (unsigned i = 0; i < cfg_opt_size(opt); i++)
			if (setting_store(s, base, cfg_opt_getnstr(opt, i), e) != 0)
				return -1;
	}
	return 0;
}

static int
take_tree(cfg_t *cfg, struct config *c, struct err *e)
{
	if (take_section(cfg, SECTION_TOP, c, e) != 0
	    || take_section(cfg_getsec(cfg, "ingest"), SECTION_INGEST, &c->ingest, e) != 0
	    || take_section(cfg_getsec(cfg, "retention"), SECTION_RETENTION, &c->retention, e) != 0)
		return -1;
	for (unsigned i = 0; i < cfg_size(cfg, "site"); i++) {
		cfg_t *sec = cfg_getnsec(cfg, "site", i);
		struct config_site *site;

		if (config_add_site(c, cfg_title(sec), &site, e) != 0
		    || take_section(sec, SECTION_SITE, site, e) != 0)
			return -1;
	}
	return 0;
}

static int
parse_text(cfg_t *cfg, const char *path, char *text, struct err *e)
{
	FILE *stream;
	int rc;

	if (text[0] == '\0')
		return 0;
	stream = fmemopen(text, strlen(text), "r");
	if (stream == NULL)
		return err_sys(e, "cannot read %s", path);
	parse.file = path;
	parse.e = e;
	cfg_set_error_function(cfg, note_error);
	errno = 0;
	rc = cfg_parse_fp(cfg, stream);
	fclose(stream);
	if (rc != CFG_SUCCESS && parse.e != NULL)
		err_set(e, ERR_INPUT, "%s:%d: cannot be understood", path, cfg->line);
	parse.e = NULL;
	return rc == CFG_SUCCESS ? 0 : -1;
}

static int
warn_exposed(struct config *c, const char *path, struct err *e)
{
	char text[512];
	const char *held = NULL;

	for (size_t i = 0; i < c->n_sites && held == NULL; i++) {
		if (c->sites[i].secret_key[0] != '\0')
			held = "secret_key";
		else if (c->sites[i].webhook_secret[0] != '\0')
			held = "webhook_secret";
	}
	if (held == NULL || !secret_is_exposed(path))
		return 0;
	snprintf(text, sizeof(text),
	    "%s holds a %s and can be read by others: chmod 600 %s, or use %s_file", path, held,
	    path, held);
	free(c->warning);
	c->warning = strdup(text);
	return c->warning == NULL ? err_nomem(e) : 0;
}

int
config_read_file(struct config *c, const char *path, struct err *e)
{
	char *text;
	cfg_t *cfg;
	int rc;

	if (secret_read_text(path, CONFIG_MAX_BYTES, &text, e) != 0)
		return err_wrap(e, "configuration");
	cfg = make_tree();
	rc = cfg == NULL ? err_nomem(e) : config_scan(path, text, e);
	if (rc == 0)
		rc = parse_text(cfg, path, text, e);
	if (rc == 0)
		rc = take_tree(cfg, c, e);
	if (rc == 0)
		rc = warn_exposed(c, path, e);
	if (cfg != NULL)
		cfg_free(cfg);
	explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}
