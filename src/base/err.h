/*
 * Errors: a code for the program, a sentence for the operator.
 *
 * Functions that can fail return 0 or -1 and take a struct err last. It may be NULL when the
 * caller wants no text. The text is one line without a final period, "context: cause", and grows
 * on the left on the way up. Any thread; a struct err belongs to its caller.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

enum err_code {
	ERR_NONE = 0,
	ERR_SYSTEM,  /* a system call or a library failed */
	ERR_NOMEM,   /* out of memory */
	ERR_INPUT,   /* input of a person or a client is wrong */
	ERR_LIMIT,   /* a stated maximum was reached */
	ERR_FULL,    /* no space on the disk: passes when there is some again */
	ERR_BUSY,    /* another process holds it: passes when it lets go */
	ERR_IO,      /* storage can no longer be trusted: only a restart clears it */
	ERR_STATE,   /* not possible in this state */
	ERR_NOTFOUND /* it does not exist */
};

struct err {
	enum err_code code;
	char text[512];
};

/* Sets code and text, returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the text of errno behind; ENOSPC becomes ERR_FULL, ENOMEM ERR_NOMEM. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the text that is there. Keeps the code, returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ERR_NOMEM in plain words. */
int err_nomem(struct err *e);

#endif
