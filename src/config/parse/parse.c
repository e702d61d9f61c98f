/*
 * Parses a configuration file into a struct config: recursive descent over the tokens of lex.c,
 * with one function for each rule of the grammar in bentospool.conf(5); value.c has those of
 * values and include.c that of included files. The table in settings.c has the names and
 * values. It stops at the first error.
 *
 * The parser does not use libConfuse, because libConfuse silently accepts a repeated key and an
 * unset ${NAME}; prints the text behind a forgotten quote, which may be a secret key; knows neither
 * the line of a list's item nor the allowed values; and crashes without memory, which must never
 * end a daemon that reloads.
 */
#include "config/parse/parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/similar.h"
#include "config/parse/parse_private.h"

/* bytes of the name of a setting or section; a longer name is cut, and matches none */
#define NAME_SIZE 65
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
	**ret_site = (struct config_site){
		.name = strdup(name),
		.places = calloc(setting_count(), sizeof(struct config_place)),
	};
	c->n_sites++; /* whatever it has is released with the configuration */
	if ((*ret_site)->name == NULL || (*ret_site)->places == NULL)
		return err_nomem(e);
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == SECTION_SITE && setting_default(s, *ret_site, e) != 0)
			return -1;
	return 0;
}

/* ---- names that are not settings ------------------------------------------------------------ */

static const char *
section_words(enum setting_section section)
{
	static const char *const words[SECTION_COUNT] = {
		[SECTION_TOP] = "the top of the file",
		[SECTION_INGEST] = "the section ingest",
		[SECTION_ADMIN] = "the section admin",
		[SECTION_RETENTION] = "the section retention",
		[SECTION_SITE] = "a section site",
	};

	return words[section];
}

/* Returns the setting of that name in another section, or NULL. */
static const struct setting *
find_elsewhere(const char *name)
{
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/*
 * Whether a message may show the text. A text that does not look like a name is hidden, because it
 * may be part of a secret whose quotes are missing.
 */
static bool
may_be_shown(const struct parser *p, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->secret && strncmp(name, s->name, strlen(s->name)) == 0)
			return false;
	return p->secret == NULL && !p->lex.quoted && strspn(name, letters) == strlen(name);
}

static void
append_sections(struct buf *to)
{
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT; i++)
		buf_printf(to, "%s%s",
		    i == SECTION_TOP + 1    ? ""
		    : i + 1 < SECTION_COUNT ? ", "
					    : " and ",
		    setting_section_name((enum setting_section)i));
}

static void
append_names(const struct parser *p, struct buf *to)
{
	const char *comma = "";

	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == p->section) {
			buf_printf(to, "%s%s", comma, s->name);
			comma = ", ";
		}
	if (p->section == SECTION_TOP) {
		buf_append_literal(to, ", and the sections ");
		append_sections(to);
	}
}

/* Returns the name of a setting of this section that the word is like, or NULL. */
static const char *
find_similar(const struct parser *p, const char *word)
{
	unsigned distance = SIMILAR_NONE;
	const char *best = NULL;

	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == p->section && similar_is_nearer(word, s->name, &distance))
			best = s->name;
	return best;
}

static int
fail_misnamed(struct parser *p, const char *name)
{
	const char *similar = find_similar(p, name);
	int line = p->lex.token_line;
	struct buf known;

	if (similar != NULL)
		return FAIL(p, line, "no setting is called %s: did you mean %s?", name, similar);
	buf_init(&known, 4096);
	if (lex_peek(&p->lex) == '{') {
		append_sections(&known);
		FAIL(p, line, "no section is called %s: there are %s", name, buf_slice(&known).p);
	} else {
		append_names(p, &known);
		FAIL(p, line, "no setting is called %s here; there are %s", name,
		    buf_slice(&known).p);
	}
	buf_free(&known);
	return -1;
}

/* Whether the word is the name in another spelling: writeKeys, WRITE_KEYS, write-keys,
 * "write_keys:". */
static bool
is_spelling_of(const char *word, const char *name)
{
	for (;; word++, name++) {
		while (*word == '_' || *word == '-' || (*word == ':' && word[1] == '\0'))
			word++;
		while (*name == '_')
			name++;
		if (tolower((unsigned char)*word) != *name)
			return false;
		if (*name == '\0')
			return true;
	}
}

/* Fails when the word is another spelling of a setting; such a word cannot be part of a secret. */
static int
check_spelling(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == p->section && !p->lex.quoted && is_spelling_of(word, s->name))
			return FAIL(p, p->lex.token_line,
			    word[n - 1] == ':' ? "write %s = VALUE, with = in place of the colon"
					       : "the name of this setting is written %s",
			    s->name);
	return 0;
}

static int
fail_unknown(struct parser *p, const char *name)
{
	const struct setting *other = find_elsewhere(name);
	int line = p->lex.token_line;

	if (other != NULL)
		return FAIL(p, line, "%s belongs to %s, not to %s", name,
		    section_words(other->section), section_words(p->section));
	if (check_spelling(p, name) != 0)
		return -1;
	if (name[0] == ';' && !p->lex.quoted)
		return FAIL(p, line,
		    "a ; stands here: settings are separated by line ends or blanks, not by ;, and "
		    "a value that holds a ; belongs in quotes");
	if (p->secret != NULL)
		return FAIL(p, line,
		    "no setting has the name that stands here; it is not shown, because it may "
		    "belong to the %s of line %d: put that value in quotes if it holds blanks or "
		    "signs, or see bentospool.conf(5) for the names",
		    p->secret->name, p->key_line);
	if (!may_be_shown(p, name))
		return FAIL(p, line,
		    "expected the name of a setting: put the text before it in quotes if it "
		    "holds blanks or signs, or see bentospool.conf(5) for the names");
	return fail_misnamed(p, name);
}

/* ---- settings and sections ------------------------------------------------------------------ */

static int
fail_twice(
    struct parser *p, int line, const char *kind, const char *name, struct config_place first)
{
	if (first.file == p->file)
		return FAIL(
		    p, line, "%s%s is given twice, first in line %d", kind, name, first.line);
	return FAIL(p, line, "%s%s is given twice, first in line %d of %s", kind, name, first.line,
	    p->config->files.item[first.file - 1]);
}

/* Checks that the setting may be given here. The first value of a list replaces its default. */
static int
begin_setting(struct parser *p, const struct setting *s, int line, enum lex_token token)
{
	struct config_place *given = &p->places[s - settings];
	struct config_place before = *given;

	if (token == LEX_ADD && s->type != SETTING_LIST)
		return FAIL(p, line, "%s is not a list: write = in place of +=", s->name);
	if (token == LEX_ASSIGN && before.file != 0)
		return fail_twice(p, line, "", s->name, before);
	*given = (struct config_place){ p->file, line };
	p->key_line = line;
	if (s->type == SETTING_LIST && before.file == 0)
		setting_clear(s, p->base);
	return 0;
}

/* Reads NAME = VALUE or NAME += VALUE; the name has been read. */
static int
parse_setting(struct parser *p, const char *name)
{
	const struct setting *s = setting_find(p->section, name);
	int line = p->lex.token_line;
	enum lex_token token;

	if (s == NULL)
		return fail_unknown(p, name);
	if (lex_next(&p->lex, &token, p->e) != 0 || begin_setting(p, s, line, token) != 0)
		return -1;
	p->secret = s->secret ? s : NULL;
	return parse_value(p, s);
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
begin_site(struct parser *p)
{
	struct config_site *site;
	enum lex_token token;
	const char *name;
	struct err why = { .code = ERR_NONE };

	if (lex_next(&p->lex, &token, p->e) != 0)
		return -1;
	name = buf_slice(&p->lex.text).p;
	if (token != LEX_TEXT)
		return FAIL(p, p->lex.token_line, "a site needs a name: site \"main\" { ... }");
	if (!name_is_plain(name))
		return FAIL(p, p->lex.token_line,
		    "a site's name must be 1 to %d letters, digits, dots, dashes or underscores, "
		    "not \"%.64s\"",
		    SITE_NAME_MAX, name);
	for (size_t i = 0; i < p->config->n_sites; i++)
		if (strcmp(p->config->sites[i].name, name) == 0)
			return FAIL(p, p->lex.token_line, "the site \"%s\" is given twice", name);
	if (config_add_site(p->config, name, &site, &why) != 0) {
		if (why.code != ERR_LIMIT)
			return err_nomem(p->e);
		return FAIL(p, p->lex.token_line, "%s", why.text);
	}
	p->base = site;
	p->places = site->places;
	p->lex.allow_unset = p->source->reading;
	return 0;
}

static int
begin_single(struct parser *p, enum setting_section section, int line)
{
	if (p->section_places[section].file != 0)
		return fail_twice(p, line, "the section ", setting_section_name(section),
		    p->section_places[section]);
	p->section_places[section] = (struct config_place){ p->file, line };
	p->base = setting_base(p->config, section);
	return 0;
}

/* Reads NAME { or site NAME {; the first word has been read. */
static int
parse_section(struct parser *p, enum setting_section section)
{
	int line = p->lex.token_line;
	enum lex_token token;
	int rc;

	if (p->section != SECTION_TOP)
		return FAIL(p, line, "the section %s of line %d is not closed before this one",
		    setting_section_name(p->section), p->section_line);
	rc = setting_section_is_single(section) ? begin_single(p, section, line) : begin_site(p);
	if (rc != 0 || lex_next(&p->lex, &token, p->e) != 0)
		return -1;
	if (token != LEX_OPEN)
		return FAIL(p, p->lex.token_line, "expected { after the name of the section");
	p->section = section;
	p->section_line = line;
	return 0;
}

/* Handles a word where the name of a setting or of a section belongs. */
static int
parse_name(struct parser *p)
{
	enum setting_section section;
	char name[NAME_SIZE];
	char next;

	snprintf(name, sizeof(name), "%s", buf_slice(&p->lex.text).p);
	if (strcmp(name, "include") == 0 && !p->lex.quoted)
		return parse_include(p);
	next = lex_peek(&p->lex);
	if (next == '=' || next == '+')
		return parse_setting(p, name);
	if (setting_section_find(name, &section) == 0)
		return parse_section(p, section);
	if (setting_find(p->section, name) != NULL)
		return FAIL(p, p->lex.token_line, "%s must be followed by = and a value", name);
	return fail_unknown(p, name);
}

static int
end_section(struct parser *p)
{
	if (p->section == SECTION_TOP)
		return FAIL(
		    p, p->lex.token_line, "a } without a section or list that it could end");
	p->section = SECTION_TOP;
	p->base = p->config;
	p->places = p->config->places;
	p->lex.allow_unset = false;
	p->secret = NULL;
	return 0;
}

static int
parse_item(struct parser *p, enum lex_token token)
{
	switch (token) {
	case LEX_TEXT:
		return parse_name(p);
	case LEX_CLOSE:
		return end_section(p);
	case LEX_OPEN:
		return FAIL(p, p->lex.token_line, "a { without the name of a section before it");
	case LEX_ASSIGN:
	case LEX_ADD:
		return FAIL(p, p->lex.token_line,
		    "an = without a name before it: put the value before it in quotes if it holds "
		    "one");
	case LEX_COMMA:
		return FAIL(p, p->lex.token_line,
		    "a comma outside a list: write several strings in braces, {\"...\", \"...\"}");
	case LEX_END:
		break;
	}
	return 0;
}

static int
parse_all(struct parser *p)
{
	enum lex_token token;

	do {
		if (lex_next(&p->lex, &token, p->e) != 0 || parse_item(p, token) != 0)
			return -1;
	} while (token != LEX_END);
	if (p->section != SECTION_TOP)
		return FAIL(p, p->section_line, "the section %s has no } at its end",
		    setting_section_name(p->section));
	return 0;
}

int
parse_file(struct parser *p, const char *file, const char *text)
{
	static const char mark[] = "\xef\xbb\xbf";
	int rc;

	lex_init(&p->lex, file, text, p->source->variable, p->source->variable_arg);
	if (config_list_add(&p->config->files, file, p->e) != 0)
		return -1;
	p->file = (int)p->config->files.n;
	p->open[p->depth++] = file;
	if (strncmp(text, mark, sizeof(mark) - 1) == 0)
		rc = FAIL(
		    p, 1, "the file begins with a byte order mark: save it as UTF-8 without one");
	else
		rc = parse_all(p);
	p->depth--;
	lex_free(&p->lex);
	return rc;
}

int
config_parse(struct config *c, const struct config_source *source, struct err *e)
{
	struct parser p = { .source = source,
		.config = c,
		.base = c,
		.places = c->places,
		.bytes = strlen(source->text),
		.e = e };

	return parse_file(&p, source->file, source->text);
}
