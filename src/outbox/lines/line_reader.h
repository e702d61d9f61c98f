/*
 * Reads the lines of a file or of standard input, plain or gzip (several gzip members are one
 * text). Holds one line and a chunk in memory, whatever the size of the file. One thread.
 */
#ifndef OUTBOX_LINES_LINE_READER_H
#define OUTBOX_LINES_LINE_READER_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define LINE_MAX_BYTES 67108864 /* of one line: an event and its batch's values */

struct line_reader;

/* "-" is standard input. The name is borrowed until the close. */
int line_reader_open(const char *file, struct line_reader **ret_lines, struct err *e);
/* NULL is fine. */
void line_reader_close(struct line_reader *l);
/*
 * 1: a line without its newline, valid until the next call; absent when it is longer than
 * LINE_MAX_BYTES: it is skipped. 0: there are no more lines. -1; ERR_INPUT: the gzip is damaged.
 */
int line_reader_next(struct line_reader *l, struct slice *ret_line, struct err *e);

#endif
