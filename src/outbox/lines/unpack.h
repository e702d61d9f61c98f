/*
 * Reads a file, plain or gzip, as one text. Several gzip members are one text; anything else after
 * a member is an error, because what follows it would be lost. One thread.
 */
#ifndef OUTBOX_LINES_UNPACK_H
#define OUTBOX_LINES_UNPACK_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct unpack;

/* Takes ownership of fd, also when it fails. The name of the file, for errors, is borrowed. */
int unpack_new(int fd, const char *file, struct unpack **ret_unpack, struct err *e);
/* NULL is allowed. */
void unpack_free(struct unpack *u);
/* Returns the number of bytes read, at most n; 0 at the end; -1 on an error (ERR_INPUT: the gzip is
 * damaged or truncated). */
ssize_t unpack_read(struct unpack *u, char *to, size_t n, struct err *e);

#endif
