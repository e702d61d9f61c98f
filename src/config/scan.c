#include "config/scan.h"

#include <stdbool.h>
#include <string.h>

#include "config/settings.h"

#define MAX_SETTINGS 256
#define WORD_MAX 128

enum token { TOKEN_END, TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_ASSIGN, TOKEN_OTHER };

struct scanner {
	const char *file;
	const char *p;
	int line;
	char word[WORD_MAX]; /* of the last TOKEN_WORD; longer ones are cut */
	enum setting_section section;
	bool in_section;
	bool seen[MAX_SETTINGS]; /* by row of the table; of sites: in this one */
	bool seen_section[SECTION_COUNT];
	struct err *e;
};

static int
fail(struct scanner *s, const char *what, const char *why)
{
	return err_set(s->e, ERR_INPUT, "%s:%d: %s %s", s->file, s->line, what, why);
}

static void
skip_block_comment(struct scanner *s)
{
	for (s->p += 2; *s->p != '\0'; s->p++) {
		if (*s->p == '\n')
			s->line++;
		if (s->p[0] == '*' && s->p[1] == '/') {
			s->p += 2;
			return;
		}
	}
}

static void
skip_blank(struct scanner *s)
{
	for (;; s->p++) {
		if (*s->p == '\n')
			s->line++;
		if (*s->p == '#' || (s->p[0] == '/' && s->p[1] == '/')) {
			s->p += strcspn(s->p, "\n");
			s->p--;
		} else if (s->p[0] == '/' && s->p[1] == '*') {
			skip_block_comment(s);
			s->p--;
		} else if (*s->p == '\0' || strchr(" \t\r\n", *s->p) == NULL) {
			return;
		}
	}
}

static void
keep_byte(struct scanner *s, size_t *n)
{
	if (*n + 1 < WORD_MAX)
		s->word[(*n)++] = *s->p;
	s->word[*n] = '\0';
}

static void
read_quoted(struct scanner *s)
{
	char quote = *s->p++;
	size_t n = 0;

	s->word[0] = '\0';
	for (; *s->p != '\0' && *s->p != quote; s->p++) {
		if (*s->p == '\\' && s->p[1] != '\0')
			s->p++;
		if (*s->p == '\n')
			s->line++;
		keep_byte(s, &n);
	}
	s->p += *s->p != '\0';
}

static void
read_bare(struct scanner *s)
{
	size_t n = 0;

	for (; *s->p != '\0' && strchr(" \t\r\n#\"'={}()+,", *s->p) == NULL; s->p++)
		keep_byte(s, &n);
}

/* ${NAME} stands for a value. */
static void
read_variable(struct scanner *s)
{
	s->p += strcspn(s->p, "}");
	s->p += *s->p != '\0';
	s->word[0] = '\0';
}

static enum token
next_token(struct scanner *s)
{
	skip_blank(s);
	switch (*s->p) {
	case '\0':
		return TOKEN_END;
	case '{':
		s->p++;
		return TOKEN_OPEN;
	case '}':
		s->p++;
		return TOKEN_CLOSE;
	case '+':
	case '=':
		s->p += s->p[0] == '+' && s->p[1] == '=' ? 2 : 1;
		return TOKEN_ASSIGN;
	case ',':
	case '(':
	case ')':
		s->p++;
		return TOKEN_OTHER;
	case '"':
	case '\'':
		read_quoted(s);
		return TOKEN_WORD;
	default:
		if (s->p[0] == '$' && s->p[1] == '{')
			read_variable(s);
		else
			read_bare(s);
		return TOKEN_WORD;
	}
}

static int
fail_unknown(struct scanner *s, const char *key)
{
	const char *comma = "";
	struct buf known;

	buf_init(&known, 400);
	for (const struct setting *set = settings; set->name != NULL; set++)
		if (set->section == s->section) {
			buf_printf(&known, "%s%s", comma, set->name);
			comma = ", ";
		}
	if (s->section == SECTION_TOP)
		buf_append_literal(&known, ", and the sections ingest, retention and site");
	err_set(s->e, ERR_INPUT, "%s:%d: no setting is called %.64s here; there are %s", s->file,
	    s->line, key, known.p);
	buf_free(&known);
	return -1;
}

/* Walks over what follows the equal sign. */
static int
take_value(struct scanner *s, const struct setting *set)
{
	struct buf why;
	enum token token = next_token(s);

	if (token != TOKEN_OPEN)
		return 0;
	if (set->type != SETTING_LIST) {
		buf_init(&why, 256);
		buf_append_literal(&why, "must be ");
		setting_allowed(set, &why);
		buf_append_literal(&why, ", not a list");
		fail(s, set->name, why.p);
		buf_free(&why);
		return -1;
	}
	while (token != TOKEN_CLOSE && token != TOKEN_END)
		token = next_token(s);
	return 0;
}

static int
take_setting(struct scanner *s, const char *key)
{
	const struct setting *set = setting_find(s->section, key);
	ptrdiff_t row;

	if (set == NULL)
		return fail_unknown(s, key);
	row = set - settings;
	if (row >= MAX_SETTINGS)
		return err_set(s->e, ERR_LIMIT, "more settings than MAX_SETTINGS");
	if (s->seen[row])
		return fail(s, key, "is given twice");
	s->seen[row] = true;
	return take_value(s, set);
}

static void
forget_section(struct scanner *s, enum setting_section section)
{
	for (const struct setting *set = settings; set->name != NULL; set++)
		if (set->section == section)
			s->seen[set - settings] = false;
}

static int
open_section(struct scanner *s, const char *key)
{
	enum setting_section section;

	s->in_section = true;
	if (setting_section_find(key, &section) != 0)
		return fail_unknown(s, key);
	if (setting_section_is_single(section) && s->seen_section[section])
		return fail(s, key, "is given twice");
	s->seen_section[section] = true;
	s->section = section;
	forget_section(s, section);
	return 0;
}

/* A word where a key or the name of a section belongs. */
static int
take_word(struct scanner *s)
{
	char key[WORD_MAX];
	enum token token;

	memcpy(key, s->word, sizeof(key));
	token = next_token(s);
	if (token == TOKEN_ASSIGN)
		return take_setting(s, key);
	if (token == TOKEN_WORD && !s->in_section)
		token = next_token(s); /* the section's title */
	if (token == TOKEN_OPEN && !s->in_section)
		return open_section(s, key);
	if (setting_find(s->section, key) == NULL)
		return fail_unknown(s, key);
	return fail(s, key, "must be followed by = and a value");
}

int
config_scan(const char *file, const char *text, struct err *e)
{
	struct scanner s = { .file = file, .p = text, .line = 1, .e = e };
	enum token token;

	while ((token = next_token(&s)) != TOKEN_END) {
		if (token == TOKEN_WORD && take_word(&s) != 0)
			return -1;
		if (token == TOKEN_CLOSE) {
			s.in_section = false;
			s.section = SECTION_TOP;
		}
	}
	return s.in_section ? fail(&s, "the section", "must end with a }") : 0;
}
