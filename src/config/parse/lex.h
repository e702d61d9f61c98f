/*
 * The tokens of a configuration file: texts, braces, =, += and commas, each with its line.
 *
 * No message of the lexer holds any part of the file except the names of environment variables: the
 * text of a broken line may be a secret. Pure; one thread at a time.
 */
#ifndef CONFIG_PARSE_LEX_H
#define CONFIG_PARSE_LEX_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define LEX_TEXT_MAX 65536 /* bytes of one text */

enum lex_token {
	LEX_END,
	LEX_TEXT, /* bare, in quotes, or ${NAME} */
	LEX_OPEN,
	LEX_CLOSE,
	LEX_ASSIGN,
	LEX_ADD, /* += */
	LEX_COMMA
};

struct lex {
	const char *file; /* for messages */
	const char *p;
	int line;
	/* Returns the value of an environment variable, or NULL. */
	const char *(*variable)(void *arg, const char *name);
	void *variable_arg;
	bool allow_unset; /* an unset variable counts as an empty text */

	/* Of the last token: */
	struct buf text;
	int token_line;
	bool quoted;
};

/* text is NUL-terminated and borrowed, as are file and variable_arg. */
void lex_init(struct lex *l, const char *file, const char *text,
    const char *(*variable)(void *arg, const char *name), void *variable_arg);
/* Wipes the last text, which may be a secret. */
void lex_free(struct lex *l);

/* Fails with ERR_INPUT "FILE:LINE: ..." or ERR_NOMEM. */
int lex_next(struct lex *l, enum lex_token *ret_token, struct err *e);
/* Returns the first byte of the next token without reading it; '\0' at the end. */
char lex_peek(struct lex *l);
/* Sets e to "FILE:LINE: ..." and returns -1. */
int lex_fail(const struct lex *l, int line, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
