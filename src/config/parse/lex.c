/*
 * The tokens of a configuration file. lex_next skips white space and comments and reads one token;
 * it resolves escapes and ${NAME} in texts. It fails on common mistakes: a quote that is not closed
 * on its line, a comment without an end, curly quotes, an unset variable.
 */
#include "config/parse/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"

#define VARIABLE_MAX 64

static const char blank[] = " \t\r\n\v\f";
static const char ends_bare[] = " \t\r\n\v\f#\"'={}()+,";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

void
lex_init(struct lex *l, const char *file, const char *text,
    const char *(*variable)(void *arg, const char *name), void *variable_arg)
{
	*l = (struct lex){
		.file = file,
		.p = text,
		.line = 1,
		.variable = variable,
		.variable_arg = variable_arg,
		.token_line = 1,
	};
	buf_init(&l->text, LEX_TEXT_MAX);
}

void
lex_free(struct lex *l)
{
	if (l->text.p != NULL)
		explicit_bzero(l->text.p, l->text.cap);
	buf_free(&l->text);
}

int
lex_fail(const struct lex *l, int line, struct err *e, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, ERR_INPUT, "%s:%d: %s", l->file, line, text);
}

/* ---- between tokens ------------------------------------------------------------------------- */

/* Skips a C comment. Returns -1, without moving, when it does not end. */
static int
skip_block_comment(struct lex *l)
{
	const char *end = strstr(l->p + 2, "*/");

	if (end == NULL)
		return -1;
	for (; l->p < end + 2; l->p++)
		l->line += *l->p == '\n';
	return 0;
}

/* Skips white space and comments. Returns -1 at a comment that does not end. */
static int
skip_blank(struct lex *l)
{
	for (;;) {
		size_t n = strspn(l->p, blank);

		for (; n > 0; n--)
			l->line += *l->p++ == '\n';
		if (*l->p == '#' || strncmp(l->p, "//", 2) == 0)
			l->p += strcspn(l->p, "\n");
		else if (strncmp(l->p, "/*", 2) != 0)
			return 0;
		else if (skip_block_comment(l) != 0)
			return -1;
	}
}

char
lex_peek(struct lex *l)
{
	skip_blank(l); /* lex_next reports the error */
	return *l->p;
}

/* Appends bytes to the current text, at most LEX_TEXT_MAX in all; marks a longer text as failed. */
static void
append(struct lex *l, const char *p, size_t n)
{
	size_t room = LEX_TEXT_MAX - l->text.n;

	buf_append(&l->text, p, n < room ? n : room);
	if (n > room)
		l->text.failed = true;
}

/* ---- variables ------------------------------------------------------------------------------ */

/* Reads "${NAME}" or "${NAME:-text}" and appends the variable's value, or else the text. */
static int
read_variable(struct lex *l, struct err *e)
{
	const char *start = l->p + 2, *end = start + strcspn(start, "}\n"), *value;
	size_t n = strspn(start, name_bytes);
	bool has_default = start[n] == ':' && start[n + 1] == '-';
	char name[VARIABLE_MAX + 1];

	if (*end != '}' || n == 0 || n > VARIABLE_MAX || strchr(letters, *start) == NULL
	    || (start + n != end && !has_default))
		return lex_fail(l, l->line, e,
		    "${ must be followed by the name of an environment variable: write ${NAME} or "
		    "${NAME:-DEFAULT}, and \\$ in double quotes for a dollar sign");
	snprintf(name, sizeof(name), "%.*s", (int)n, start);
	value = l->variable(l->variable_arg, name);
	if (value != NULL)
		append(l, value, strlen(value));
	else if (has_default)
		append(l, start + n + 2, (size_t)(end - start) - n - 2);
	else if (!l->allow_unset)
		return lex_fail(l, l->line, e,
		    "the environment variable %s is not set: set it, or write ${%s:-DEFAULT}", name,
		    name);
	l->p = end + 1;
	return 0;
}

/* ---- quotes --------------------------------------------------------------------------------- */

/* Reads one to three octal digits. */
static int
read_octal(struct lex *l, struct err *e)
{
	unsigned value = 0, n = 0;

	for (; l->p[n] >= '0' && l->p[n] <= '9'; n++) {
		if (l->p[n] > '7' || n == 3)
			return lex_fail(l, l->line, e,
			    "a backslash before a number must have one to three octal digits "
			    "behind "
			    "it: write \\\\ for a backslash");
		value = value * 8 + (unsigned)(l->p[n] - '0');
	}
	if (value == 0 || value > 255)
		return lex_fail(l, l->line, e, "an octal number must be from \\1 to \\377");
	buf_append_byte(&l->text, (char)value);
	l->p += n;
	return 0;
}

static int
read_hex(struct lex *l, struct err *e)
{
	int value = decode_hex_digit(*l->p), low;

	if (value < 0) { /* the backslash of an unknown escape is dropped */
		buf_append_byte(&l->text, 'x');
		return 0;
	}
	l->p++;
	low = decode_hex_digit(*l->p);
	if (low >= 0) {
		value = value << 4 | low;
		l->p++;
	}
	if (value == 0)
		return lex_fail(l, l->line, e, "a hexadecimal number must be from \\x01 to \\xff");
	buf_append_byte(&l->text, (char)value);
	return 0;
}

/* Reads the rest of an escape within double quotes. */
static int
read_escape(struct lex *l, struct err *e)
{
	static const char from[] = "nrbfaetv", to[] = "\n\r\b\f\a\033\t\v";
	const char *known;
	char c = *l->p;

	if (c >= '0' && c <= '9')
		return read_octal(l, e);
	if (c == '\0')
		return 0; /* the caller reports the missing closing quote */
	l->p++;
	if (c == 'x')
		return read_hex(l, e);
	if (c == '\n') { /* the text continues on the next line */
		l->line++;
		return 0;
	}
	known = strchr(from, c);
	buf_append_byte(&l->text, known == NULL ? c : to[known - from]);
	return 0;
}

/* Reads one byte or escape within double quotes. */
static int
read_double_quoted(struct lex *l, struct err *e)
{
	if (strncmp(l->p, "${", 2) == 0)
		return read_variable(l, e);
	if (*l->p == '\\') {
		l->p++;
		return read_escape(l, e);
	}
	buf_append_byte(&l->text, *l->p++);
	return 0;
}

/* Reads one byte within single quotes, where a backslash only escapes a quote, a backslash and the
 * end of a line. */
static void
read_single_quoted(struct lex *l)
{
	if (*l->p == '\\' && l->p[1] != '\0' && strchr("\\'\n", l->p[1]) != NULL)
		l->p++;
	if (*l->p != '\n')
		buf_append_byte(&l->text, *l->p);
	else
		l->line++;
	l->p++;
}

/* Returns the length of the typographic quotation mark or no-break space at p; 0 when there is
 * none. */
static size_t
odd_mark(const char *p)
{
	static const char *const marks[] = { "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a",
		"\xe2\x80\x9b", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x9f",
		"\xc2\xab", "\xc2\xbb", "\xc2\xa0" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (strncmp(p, marks[i], strlen(marks[i])) == 0)
			return strlen(marks[i]);
	return 0;
}

/* Fails because a quoted text does not end on its line; line and start are where it began. */
static int
fail_open_quote(const struct lex *l, const char *start, struct err *e)
{
	char quote = *start;

	for (const char *p = start; *p != '\n' && *p != '\0'; p++)
		if (odd_mark(p) == 3)
			return lex_fail(l, l->token_line, e,
			    "a string begins with %c and has no %c at its end, but a curly quote: "
			    "type a straight one",
			    quote, quote);
	return lex_fail(l, l->token_line, e,
	    "a string begins with %c and has no %c at its end: close it on the same line", quote,
	    quote);
}

static int
read_quoted(struct lex *l, struct err *e)
{
	const char *start = l->p;
	char quote = *l->p++;

	l->quoted = true;
	while (*l->p != quote) {
		if (*l->p == '\0' || *l->p == '\n')
			return fail_open_quote(l, start, e);
		if (quote == '\'')
			read_single_quoted(l);
		else if (read_double_quoted(l, e) != 0)
			return -1;
	}
	l->p++;
	return 0;
}

/* ---- tokens --------------------------------------------------------------------------------- */

static int
read_bare(struct lex *l, struct err *e)
{
	size_t n = strcspn(l->p, ends_bare);

	for (size_t i = 0; i < n; i++)
		if (odd_mark(l->p + i) > 0)
			return lex_fail(l, l->line, e,
			    "a curly quote or a no-break space: type a straight quote (\" or ') or "
			    "a plain space");
	append(l, l->p, n);
	l->p += n;
	return 0;
}

static int
read_text(struct lex *l, struct err *e)
{
	int rc;

	if (*l->p == '"' || *l->p == '\'')
		rc = read_quoted(l, e);
	else if (strncmp(l->p, "${", 2) == 0)
		rc = read_variable(l, e);
	else
		rc = read_bare(l, e);
	if (rc != 0)
		return -1;
	if (!l->text.failed)
		return 0;
	if (l->text.n < LEX_TEXT_MAX)
		return err_nomem(e);
	return lex_fail(l, l->token_line, e, "a string is longer than %d bytes", LEX_TEXT_MAX);
}

/* Returns the punctuation at p; LEX_TEXT when there is none. */
static enum lex_token
punctuation(const char *p)
{
	switch (*p) {
	case '{':
		return LEX_OPEN;
	case '}':
		return LEX_CLOSE;
	case '=':
		return LEX_ASSIGN;
	case '+':
		return LEX_ADD;
	case ',':
		return LEX_COMMA;
	case '\0':
		return LEX_END;
	default:
		return LEX_TEXT;
	}
}

int
lex_next(struct lex *l, enum lex_token *ret_token, struct err *e)
{
	buf_clear(&l->text);
	l->quoted = false;
	if (skip_blank(l) != 0)
		return lex_fail(l, l->line, e, "a comment begins with /* and has no */ at its end");
	l->token_line = l->line;
	*ret_token = punctuation(l->p);
	if (*ret_token == LEX_TEXT) {
		if (*l->p == '(' || *l->p == ')')
			return lex_fail(l, l->line, e,
			    "a parenthesis outside quotes: put the text in double quotes");
		return read_text(l, e);
	}
	if (*ret_token == LEX_ADD && l->p[1] != '=')
		return lex_fail(
		    l, l->line, e, "a plus sign outside quotes: put the text in double quotes");
	if (*ret_token != LEX_END)
		l->p += *ret_token == LEX_ADD ? 2 : 1;
	return 0;
}
