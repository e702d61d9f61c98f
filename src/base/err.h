/*
 * Errors: a code for the program, a sentence for the operator.
 *
 * Functions that can fail return 0 or -1 and take a struct err last. It may be NULL when the caller
 * wants no text. The text is one line without a final period, "context: cause"; each caller on the
 * way up puts its context in front. Any thread may use these functions; a struct err belongs to its
 * caller.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

enum err_code {
	ERR_NONE = 0,
	ERR_SYSTEM, /* a system call or a library failed */
	ERR_NOMEM,  /* out of memory */
	ERR_INPUT,  /* a person or a client gave wrong input */
	ERR_LIMIT,  /* a stated maximum was reached */
	ERR_FULL, /* no space on the disk, or a quota is used up: may succeed once there is space */
	ERR_BUSY, /* in use by another process: may succeed later */
	ERR_IO,   /* storage can no longer be trusted: needs a restart */
	ERR_STATE,   /* not possible in this state */
	ERR_NOTFOUND /* what was asked for does not exist */
};

struct err {
	enum err_code code;
	char text[512];
};

/* Sets code and text. Returns -1, so that a function can end with `return err_set(...)`. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Like err_set, and appends ": " and the text of errno. ENOSPC, EDQUOT and EFBIG become ERR_FULL,
 * ENOMEM becomes ERR_NOMEM. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Like err_sys, for a file that could not be used. When the cause is a lack of permission, also
 * appends whom the file, or the nearest directory above it that this user may examine, belongs to,
 * and what to do: use sudo, or chown.
 */
int err_file(struct err *e, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends the same to an error of the given errno, when that is a lack of permission. */
void err_denied(struct err *e, int cause, const char *path);

/* The user that runs the daemon, where sysusers.d has made it. */
#define DAEMON_USER "bentospool"

/* Puts "context: " before the present text. Keeps the code and returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Sets ERR_NOMEM with a text that says "out of memory". Returns -1. */
int err_nomem(struct err *e);

#endif
