/*
 * The lines of a file or of standard input, plain or gzip (several members are one text). Holds one
 * line and a chunk, whatever the file's size. One thread.
 */
#ifndef OUTBOX_LINES_LINES_H
#define OUTBOX_LINES_LINES_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define LINES_MAX_BYTES 67108864 /* of one line: an event with all that its batch said */

struct lines;

/* "-" is standard input. */
int lines_open(const char *file, struct lines **ret_lines, struct err *e);
/* NULL is fine. */
void lines_close(struct lines *l);
/*
 * 1: a line without its end, valid until the next call; absent when it is longer than
 * LINES_MAX_BYTES, and then it was passed over. 0: there is no more. -1.
 */
int lines_next(struct lines *l, struct slice *ret_line, struct err *e);

#endif
