/*
 * Aligned tables for people: as wide as their contents, at most as wide as the terminal.
 *
 * Rows are collected, up to TABLE_ROWS_MAX, to find the widths; then they are printed, and later
 * rows keep those widths. What does not fit is cut with an ellipsis. Control bytes and what is no
 * UTF-8 become '?', so that no event can move the cursor of whoever looks at it. One thread.
 */
#ifndef TERM_TABLE_H
#define TERM_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

#define TABLE_COLUMNS_MAX 12
#define TABLE_ROWS_MAX 200

enum table_colour { TABLE_PLAIN, TABLE_GOOD, TABLE_WAITING, TABLE_BAD, TABLE_FAINT };

struct table_column {
	const char *title;
	int min;    /* never narrower than this when it must give way; 0: its natural width */
	bool right; /* numbers */
};

struct table;

/* Columns are borrowed. Printed text is appended to `to`. NULL when out of memory. */
struct table *table_new(
    const struct table_column *columns, size_t n_columns, int width, bool colour, struct buf *to);
/* The next cell, row by row. Copies the text; absent and empty ones are "-". */
void table_cell(struct table *t, struct slice text, enum table_colour colour);
void table_printf(struct table *t, enum table_colour colour, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints what is left and frees. -1 when a row was lost for want of memory. */
int table_end(struct table *t);

/* Appends text with control bytes and broken UTF-8 as '?': also for single lines. */
void table_append_clean(struct buf *to, struct slice text);
/* A line "  NAME  TEXT", the name padded to so many columns; nothing for an empty text. */
void table_append_line(struct buf *to, int columns, const char *name, struct slice text);
/* The same, cut with an ellipsis to so many columns. */
void table_append_cut(struct buf *to, struct slice text, int width);

/*
 * Appends text as lines of at most `width` columns, broken between words, each indented by so many
 * spaces and ended. A longer word keeps a line of its own.
 */
void table_append_wrapped(struct buf *to, struct slice text, int indent, int width);
/* The same where so many columns of the first line are there already. */
void table_append_wrapped_behind(
    struct buf *to, struct slice text, int column, int indent, int width);

#endif
