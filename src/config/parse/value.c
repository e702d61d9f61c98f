/*
 * The values of settings: a text that setting_check accepts, or a list of texts in braces. A value
 * that is missing or of another shape fails with what is allowed.
 */
#include <string.h>

#include "config/parse/parse_private.h"

static int
take_text(struct parser *p, const struct setting *s)
{
	const char *text = buf_slice(&p->lex.text).p;
	struct err why;

	if (setting_check(s, text, &why) != 0)
		return FAIL(p, p->lex.token_line, "%s", why.text);
	return setting_store(s, p->base, text, p->e);
}

static int
fail_missing(struct parser *p, const struct setting *s)
{
	struct buf allowed;

	buf_init(&allowed, 256);
	setting_allowed(s, &allowed);
	FAIL(p, p->key_line, "%s has no value: it must be %s", s->name, allowed.p);
	buf_free(&allowed);
	return -1;
}

/* Whether a list begins with "[", as in other languages. An IPv6 address has "]:" in it. */
static bool
is_bracket(const struct parser *p, const struct setting *s)
{
	const char *text = buf_slice(&p->lex.text).p;

	return !p->lex.quoted && text[0] == '['
	       && (text[1] == '\0' || (s->type == SETTING_LIST && strstr(text, "]:") == NULL));
}

/* Handles a text where a value belongs. A text on a later line, with = behind it, is the name of
 * the next setting, so the value is missing. */
static int
take_value(struct parser *p, const struct setting *s)
{
	int key_line = p->key_line;
	enum lex_token token;

	if (lex_next(&p->lex, &token, p->e) != 0)
		return -1;
	if (token != LEX_TEXT)
		return fail_missing(p, s);
	if (is_bracket(p, s))
		return FAIL(p, p->lex.token_line,
		    s->type == SETTING_LIST
			? "%s: write a list in braces: {\"...\", \"...\"}, not in [...]"
			: "%s: brackets are not used: write the value only",
		    s->name);
	if (p->lex.token_line > key_line && !p->lex.quoted && lex_peek(&p->lex) == '=')
		return fail_missing(p, s);
	return take_text(p, s);
}

static int
fail_in_list(struct parser *p, const struct setting *s, int line, enum lex_token token)
{
	if (token == LEX_END)
		return FAIL(p, line, "%s: the list has no } at its end", s->name);
	if (token == LEX_TEXT)
		return FAIL(p, p->lex.token_line,
		    "%s: put a comma between two strings of a list, and a } at its end", s->name);
	return FAIL(
	    p, p->lex.token_line, "%s: expected a string in quotes, or the } of the list", s->name);
}

/* Reads a list behind its opening brace: texts with commas between them, and optionally one at the
 * end. */
static int
take_list(struct parser *p, const struct setting *s)
{
	int line = p->lex.token_line;
	bool between = false;
	enum lex_token token;

	for (;; between = !between) {
		if (lex_next(&p->lex, &token, p->e) != 0)
			return -1;
		if (token == LEX_CLOSE)
			return 0;
		if (token != (between ? LEX_COMMA : LEX_TEXT))
			return fail_in_list(p, s, line, token);
		if (!between && take_text(p, s) != 0)
			return -1;
	}
}

static int
fail_list(struct parser *p, const struct setting *s)
{
	struct buf allowed;

	buf_init(&allowed, 256);
	setting_allowed(s, &allowed);
	FAIL(p, p->lex.token_line, "%s must be %s, not a list", s->name, allowed.p);
	buf_free(&allowed);
	return -1;
}

int
parse_value(struct parser *p, const struct setting *s)
{
	enum lex_token token;

	if (lex_peek(&p->lex) != '{')
		return take_value(p, s);
	if (lex_next(&p->lex, &token, p->e) != 0)
		return -1;
	return s->type == SETTING_LIST ? take_list(p, s) : fail_list(p, s);
}
