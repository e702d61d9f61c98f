/*
 * Tables, and text that is safe to print. The cells of the first TABLE_ROWS_MAX rows are kept; then
 * the widths are fixed and the rows printed. table_end reports a lack of memory.
 */
#include "term/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define GAP 2
#define CELL_MAX 512 /* bytes; no terminal shows more of a cell */

struct cell {
	char *text;
	enum table_color color;
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	int width;
	bool color;
	struct buf *to;
	struct cell cells[TABLE_ROWS_MAX * TABLE_COLUMNS_MAX];
	size_t n_cells;
	int widths[TABLE_COLUMNS_MAX];
	bool begun; /* the header is printed and the widths are fixed */
	bool failed;
};

const char *
table_paint(bool painted, enum table_color color)
{
	static const char *const codes[] = {
		[TABLE_PLAIN] = "",
		[TABLE_GOOD] = "\033[32m",
		[TABLE_WAITING] = "\033[33m",
		[TABLE_BAD] = "\033[31m",
		[TABLE_FAINT] = "\033[2m",
		[TABLE_NOTE] = "\033[36m",
	};

	return painted ? codes[color] : "";
}

const char *
table_paint_end(bool painted)
{
	return painted ? "\033[0m" : "";
}

struct table *
table_new(
    const struct table_column *columns, size_t n_columns, int width, bool color, struct buf *to)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->columns = columns;
	t->n_columns = n_columns;
	t->width = width;
	t->color = color;
	t->to = to;
	return t;
}

/* ---- text ----------------------------------------------------------------------------------- */

/* Returns the length of the character at p; 0 when it is malformed or a control character. */
static size_t
plain_length(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned length = utf8_length(text, n);
	bool is_c0 = length == 1 && (p[0] < 0x20 || p[0] == 0x7f);
	bool is_c1 = length == 2 && p[0] == 0xc2
		     && p[1] < 0xa0; /* some terminals obey C1 control characters */

	return is_c0 || is_c1 ? 0 : length;
}

void
table_append_clean(struct buf *to, struct slice text)
{
	size_t len;

	for (size_t i = 0; i < text.n; i += len == 0 ? 1 : len) {
		len = plain_length(text.p + i, text.n - i);
		if (len == 0)
			buf_append_byte(to, '?');
		else
			buf_append(to, text.p + i, len);
	}
}

/* Counts code points, which are columns on a terminal except in wide scripts. */
static int
columns_of(const char *text)
{
	return (int)utf8_count(slice_from(text));
}

static void
append_word(struct buf *to, const char *word, size_t n, int indent, int width, int *column)
{
	char copy[CELL_MAX];
	int columns;

	snprintf(copy, sizeof(copy), "%.*s", (int)n, word);
	columns = columns_of(copy);
	if (*column > indent && *column + 1 + columns > width) {
		buf_append_byte(to, '\n');
		*column = 0;
	}
	if (*column < indent) {
		buf_printf(to, "%*s", indent - *column, "");
		*column = indent;
	} else if (*column > indent) {
		buf_append_byte(to, ' ');
		++*column;
	}
	buf_append(to, word, n);
	*column += columns;
}

void
table_append_wrapped(struct buf *to, struct slice text, int indent, int width)
{
	table_append_wrapped_behind(to, text, 0, indent, width);
}

void
table_append_wrapped_behind(struct buf *to, struct slice text, int column, int indent, int width)
{
	struct buf clean;
	size_t n;

	buf_init(&clean, text.n + 1);
	table_append_clean(&clean, text);
	for (const char *p = clean.n == 0 ? "" : clean.p; *p != '\0'; p += n) {
		p += strspn(p, " ");
		n = strcspn(p, " ");
		if (n > 0)
			append_word(to, p, n, indent, width, &column);
	}
	if (column > 0)
		buf_append_byte(to, '\n');
	to->failed |= clean.failed;
	buf_free(&clean);
}

/* Counts the bytes of the first n code points. */
static size_t
bytes_of(const char *text, int n)
{
	const char *p = text;

	while (*p != '\0' && n > 0) {
		p++;
		while (((unsigned char)*p & 0xc0) == 0x80)
			p++;
		n--;
	}
	return (size_t)(p - text);
}

/* ---- widths --------------------------------------------------------------------------------- */

static int
total_width(const struct table *t)
{
	int sum = (int)(t->n_columns - 1) * GAP;

	for (size_t c = 0; c < t->n_columns; c++)
		sum += t->widths[c];
	return sum;
}

/* Returns the widest column that may still shrink, or NULL. */
static int *
find_widest(struct table *t)
{
	int *widest = NULL;

	for (size_t c = 0; c < t->n_columns; c++)
		if (t->columns[c].min > 0 && t->widths[c] > t->columns[c].min
		    && (widest == NULL || t->widths[c] > *widest))
			widest = &t->widths[c];
	return widest;
}

static void
find_widths(struct table *t)
{
	int *widest;

	assert(t->n_columns > 0);
	for (size_t c = 0; c < t->n_columns; c++)
		t->widths[c] = columns_of(t->columns[c].title);
	for (size_t i = 0; i < t->n_cells; i++) {
		int *width = &t->widths[i % t->n_columns];
		int n = columns_of(t->cells[i].text);

		*width = n > *width ? n : *width;
	}
	while (total_width(t) > t->width && (widest = find_widest(t)) != NULL)
		--*widest;
}

void
table_append_cut(struct buf *to, struct slice text, int width)
{
	struct buf clean;

	buf_init(&clean, text.n + 1);
	table_append_clean(&clean, text);
	if (clean.n > 0 && width > 0 && columns_of(clean.p) > width) {
		buf_append(to, clean.p, bytes_of(clean.p, width - 1));
		buf_append_literal(to, "\xe2\x80\xa6");
	} else if (width > 0) {
		buf_append_slice(to, buf_slice(&clean));
	}
	to->failed |= clean.failed;
	buf_free(&clean);
}

/* ---- printing ------------------------------------------------------------------------------- */

static void
pad(struct buf *to, int n)
{
	if (n > 0)
		buf_printf(to, "%*s", n, "");
}

static void
print_cell(struct table *t, size_t column, const char *text, enum table_color color)
{
	bool paint = t->color && color != TABLE_PLAIN;
	bool last = column + 1 == t->n_columns;
	int width = t->widths[column], n = columns_of(text);

	if (t->columns[column].right)
		pad(t->to, width - n);
	buf_printf(t->to, "%s", table_paint(paint, color));
	if (n > width) {
		buf_append(t->to, text, bytes_of(text, width - 1));
		buf_append_literal(t->to, "\xe2\x80\xa6");
	} else {
		buf_append(t->to, text, strlen(text));
	}
	buf_printf(t->to, "%s", table_paint_end(paint));
	if (last)
		buf_append_byte(t->to, '\n');
	else
		pad(t->to, (t->columns[column].right || n > width ? 0 : width - n) + GAP);
}

static void
print_rows(struct table *t)
{
	size_t columns = t->n_columns;

	assert(columns > 0);
	if (!t->begun) {
		find_widths(t);
		for (size_t c = 0; c < t->n_columns; c++)
			print_cell(t, c, t->columns[c].title, TABLE_FAINT);
		t->begun = true;
	}
	for (size_t i = 0; i < t->n_cells; i++) {
		print_cell(t, i % columns, t->cells[i].text, t->cells[i].color);
		free(t->cells[i].text);
	}
	t->n_cells = 0;
}

void
table_cell(struct table *t, struct slice text, enum table_color color)
{
	struct cell *cell;
	struct buf clean;

	if (t->n_cells == TABLE_ROWS_MAX * t->n_columns)
		print_rows(t);
	cell = &t->cells[t->n_cells];
	buf_init(&clean, CELL_MAX);
	table_append_clean(&clean, text.n == 0 ? SLICE("-") : text);
	cell->text = buf_steal(&clean, NULL);
	cell->color = color;
	if (cell->text == NULL)
		t->failed = true;
	else
		t->n_cells++;
}

void
table_printf(struct table *t, enum table_color color, const char *fmt, ...)
{
	char text[CELL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	table_cell(t, slice_from(text), color);
}

int
table_end(struct table *t)
{
	int rc = t->failed ? -1 : 0;

	if (t->n_cells > 0 || t->begun)
		print_rows(t);
	free(t);
	return rc;
}

void
table_append_line(struct buf *to, int columns, const char *name, struct slice text)
{
	if (text.n == 0)
		return;
	buf_printf(to, "  %-*s", columns, name);
	table_append_clean(to, text);
	buf_append_byte(to, '\n');
}
