/*
 * Compares two configurations setting by setting, in the order of the table. It fails with an error
 * when a running daemon cannot change a setting, when a site was added or removed, and without
 * memory.
 */
#include "config/differences.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "config/settings.h"

#define LINE_MAX_BYTES 65536

/* Two structures of a section, and where their changes are listed. */
struct pair {
	cJSON *list;
	const char *where; /* "ingest: " */
	const void *old, *new;
	const struct config *config; /* that has the new structure, */
	size_t site;                 /* and for a site its index */
};

/* Shows only the name of a secret, never its value. */
static int
add_change(const struct pair *p, const struct setting *s, struct err *e)
{
	struct config_place place = *setting_place(p->config, p->site, s);
	cJSON *item = NULL;
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	buf_printf(&line, "%s%s", p->where, s->name);
	if (s->secret) {
		buf_append_literal(&line, " changed");
	} else {
		buf_append_byte(&line, ' ');
		setting_print(s, p->old, &line);
		buf_append_literal(&line, " -> ");
		setting_print(s, p->new, &line);
	}
	if (place.file > 1)
		buf_printf(&line, " (%s:%d)", p->config->files.item[place.file - 1], place.line);
	if (!line.failed)
		item = cJSON_CreateString(line.p);
	buf_free(&line);
	return cJSON_AddItemToArray(p->list, item) ? 0 : err_nomem(e);
}

static int
compare(const struct pair *p, enum setting_section section, struct err *e)
{
	for (const struct setting *s = settings; s->name != NULL; s++) {
		if (s->section != section || setting_is_equal(s, p->old, p->new))
			continue;
		if (!setting_is_live(s))
			return err_set(e, ERR_STATE,
			    "nothing is changed, because %s%s needs a restart", p->where, s->name);
		if (add_change(p, s, e) != 0)
			return -1;
	}
	return 0;
}

static int
compare_site(cJSON *list, const struct config_site *old, const struct config *new, struct err *e)
{
	const struct config_site *site = config_find_site(new, old->name);
	struct pair p;
	char where[128];

	if (site == NULL)
		return err_set(e, ERR_STATE,
		    "nothing is changed, because site %s is gone, which needs a restart",
		    old->name);
	snprintf(where, sizeof(where), "site %s: ", old->name);
	p = (struct pair){ list, where, old, site, new, (size_t)(site - new->sites) };
	return compare(&p, SECTION_SITE, e);
}

/* Another token in the same file. */
static int
compare_token(
    const struct pair *p, const char *name, const char *old, const char *new, struct err *e)
{
	char line[64];

	if (strcmp(old, new) == 0)
		return 0;
	snprintf(line, sizeof(line), "%s%s: another token", p->where, name);
	return cJSON_AddItemToArray(p->list, cJSON_CreateString(line)) ? 0 : err_nomem(e);
}

static int
compare_tokens(const struct pair *p, struct err *e)
{
	const struct config_admin *old = p->old, *new = p->new;

	if (compare_token(p, "read_token_file", old->read_token, new->read_token, e) != 0)
		return -1;
	return compare_token(p, "act_token_file", old->act_token, new->act_token, e);
}

static int
compare_all(cJSON *list, const struct config *old, const struct config *new, struct err *e)
{
	const struct pair top = { list, "", old, new, new, 0 };
	const struct pair ingest = { list, "ingest: ", &old->ingest, &new->ingest, new, 0 };
	const struct pair admin = { list, "admin: ", &old->admin, &new->admin, new, 0 };
	const struct pair retention = { list, "retention: ", &old->retention, &new->retention, new,
		0 };

	if (compare(&top, SECTION_TOP, e) != 0 || compare(&ingest, SECTION_INGEST, e) != 0
	    || compare(&admin, SECTION_ADMIN, e) != 0 || compare_tokens(&admin, e) != 0
	    || compare(&retention, SECTION_RETENTION, e) != 0)
		return -1;
	for (size_t i = 0; i < old->n_sites; i++)
		if (compare_site(list, &old->sites[i], new, e) != 0)
			return -1;
	for (size_t i = 0; i < new->n_sites; i++)
		if (config_find_site(old, new->sites[i].name) == NULL)
			return err_set(e, ERR_STATE,
			    "nothing is changed, because site %s is new, which needs a restart",
			    new->sites[i].name);
	return 0;
}

cJSON *
config_differences(const struct config *old, const struct config *new, struct err *e)
{
	cJSON *list = cJSON_CreateArray();

	if (list == NULL) {
		err_nomem(e);
		return NULL;
	}
	if (compare_all(list, old, new, e) == 0)
		return list;
	cJSON_Delete(list);
	return NULL;
}
