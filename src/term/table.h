/*
 * Aligned tables for people: as wide as their contents, at most as wide as the terminal.
 *
 * The first rows, at most TABLE_ROWS_MAX, set the widths, which later rows keep. A cell that does
 * not fit is cut with an ellipsis. Control bytes and invalid UTF-8 become '?', so that no event can
 * send escape sequences to the terminal. One thread.
 */
#ifndef TERM_TABLE_H
#define TERM_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

#define TABLE_COLUMNS_MAX 12
#define TABLE_ROWS_MAX 200

enum table_color { TABLE_PLAIN, TABLE_GOOD, TABLE_WAITING, TABLE_BAD, TABLE_FAINT, TABLE_NOTE };

struct table_column {
	const char *title;
	int min;    /* the smallest width of the column; 0 when it may not shrink */
	bool right; /* align right, as for numbers */
};

struct table;

/* Starts a table that is appended to `to`. Borrows the columns. Returns NULL when out of memory. */
struct table *table_new(
    const struct table_column *columns, size_t n_columns, int width, bool color, struct buf *to);
/* Adds the next cell of a row. Copies the text; an absent or empty text becomes "-". */
void table_cell(struct table *t, struct slice text, enum table_color color);
void table_printf(struct table *t, enum table_color color, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Prints the remaining rows and frees the table. Returns -1 when there was not enough memory. */
int table_end(struct table *t);

/* Return the escape sequence that starts this color, and the one that ends any color; "" unless
 * `painted`. */
const char *table_paint(bool painted, enum table_color color);
const char *table_paint_end(bool painted);
/* Appends text with control bytes and invalid UTF-8 replaced by '?'. */
void table_append_clean(struct buf *to, struct slice text);
/* Appends "  NAME  TEXT\n" with the name padded to `columns`; nothing for an empty text. */
void table_append_line(struct buf *to, int columns, const char *name, struct slice text);
/* Appends clean text, cut with an ellipsis to `width` columns. */
void table_append_cut(struct buf *to, struct slice text, int width);

/*
 * Appends clean text as lines of at most `width` columns, broken between words, each indented by
 * `indent` spaces. A word that is too long gets a line of its own.
 */
void table_append_wrapped(struct buf *to, struct slice text, int indent, int width);
/* Like table_append_wrapped, when the first line already has `column` columns. */
void table_append_wrapped_behind(
    struct buf *to, struct slice text, int column, int indent, int width);

#endif
