/*
 * The lines of a file or of standard input, plain or gzip (several members are one text). Holds one
 * line and a chunk, whatever the file's size. One thread.
 */
#ifndef OUTBOX_LINES_LINE_READER_H
#define OUTBOX_LINES_LINE_READER_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define LINE_MAX_BYTES 67108864 /* of one line: an event with all that its batch said */

struct line_reader;

/* "-" is standard input. */
int line_reader_open(const char *file, struct line_reader **ret_lines, struct err *e);
/* NULL is fine. */
void line_reader_close(struct line_reader *l);
/*
 * 1: a line without its end, valid until the next call; absent when it is longer than
 * LINE_MAX_BYTES, and then it was passed over. 0: there is no more. -1.
 */
int line_reader_next(struct line_reader *l, struct slice *ret_line, struct err *e);

#endif
