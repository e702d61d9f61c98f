/*
 * Reads the lines of a file or of standard input, plain or gzip (several gzip members count as one
 * text), without a byte order mark at its beginning. It holds one line and two chunks in memory,
 * whatever the size of the file. One thread.
 */
#ifndef OUTBOX_LINES_LINE_READER_H
#define OUTBOX_LINES_LINE_READER_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define LINE_MAX_BYTES 67108864 /* bytes of one line: an event and its batch's values */

struct line_reader;

/* "-" is standard input. The file name is borrowed until line_reader_close. */
int line_reader_open(const char *file, struct line_reader **ret_lines, struct err *e);
/* NULL is allowed. */
void line_reader_close(struct line_reader *l);
/*
 * Returns 1 for a line without its newline, valid until the next call; the line is absent when it
 * was longer than LINE_MAX_BYTES and skipped. Returns 0 after the last line, -1 on an error
 * (ERR_INPUT: the gzip is damaged).
 */
int line_reader_next(struct line_reader *l, struct slice *ret_line, struct err *e);

#endif
