/*
 * Nothing read from a page is used before it is checked against the page's bounds. A page is intact
 * when its cells, its free blocks and its fragments fill exactly the space behind its first cell:
 * a page of which a part was lost or replaced almost never is.
 */
#include "outbox/recover/btree.h"

#include <stdlib.h>
#include <string.h>

#include "outbox/file/big_endian.h"

/* Reads a variable-length number. Returns its length, or 0 when it does not end before `end`. */
static uint32_t
varint_at(const unsigned char *p, const unsigned char *end, uint64_t *ret)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < 9; i++) {
		if (p + i >= end)
			return 0;
		if (i == 8) {
			*ret = n << 8 | p[i];
			return 9;
		}
		n = n << 7 | (p[i] & 0x7f);
		if ((p[i] & 0x80) == 0) {
			*ret = n;
			return i + 1;
		}
	}
	return 0;
}

/* ---- pages ---------------------------------------------------------------------------------- */

static uint32_t
header_size(const struct btree_page *b)
{
	return btree_is_leaf(b) ? 8 : 12;
}

bool
btree_parse(struct btree_page *b, const unsigned char *bytes, uint32_t size, uint32_t number)
{
	uint32_t header = number == 1 ? 100 : 0;
	const unsigned char *h = bytes + header;

	*b = (struct btree_page){
		.bytes = bytes,
		.size = size,
		.header = header,
		.type = h[0],
		.n_cells = big_endian_16(h + 3),
	};
	if (b->type != BTREE_INDEX && b->type != BTREE_TABLE && b->type != BTREE_INDEX_LEAF
	    && b->type != BTREE_TABLE_LEAF)
		return false;
	if (!btree_is_leaf(b))
		b->last_child = big_endian_32(h + 8);
	return header + header_size(b) + 2 * b->n_cells <= size;
}

/* Returns the bytes of a record that stay on the page. */
static uint32_t
local_bytes(const struct btree_page *b, uint64_t payload)
{
	uint32_t max = b->type == BTREE_TABLE_LEAF ? b->size - 35 : (b->size - 12) * 64 / 255 - 23;
	uint32_t min = (b->size - 12) * 32 / 255 - 23;
	uint64_t some;

	if (payload <= max)
		return (uint32_t)payload;
	some = min + (payload - min) % (b->size - 4);
	return some <= max ? (uint32_t)some : min;
}

bool
btree_cell(const struct btree_page *b, uint32_t i, struct btree_cell *c)
{
	const unsigned char *end = b->bytes + b->size, *p;
	uint32_t at = big_endian_16(b->bytes + b->header + header_size(b) + 2 * i), n;
	uint64_t rowid;

	*c = (struct btree_cell){ .begin = at };
	if (at < b->header + header_size(b) + 2 * b->n_cells || at + 4 > b->size)
		return false;
	p = b->bytes + at;
	if (!btree_is_leaf(b)) {
		c->child = big_endian_32(p);
		p += 4;
	}
	if (b->type != BTREE_TABLE) {
		n = varint_at(p, end, &c->payload);
		if (n == 0 || c->payload > BTREE_RECORD_MAX)
			return false;
		p += n;
	}
	if (b->type == BTREE_TABLE || b->type == BTREE_TABLE_LEAF) {
		n = varint_at(p, end, &rowid);
		if (n == 0)
			return false;
		c->rowid = (int64_t)rowid;
		p += n;
	}
	c->at = (uint32_t)(p - b->bytes);
	c->local = local_bytes(b, c->payload);
	c->end = c->at + c->local + (c->local < c->payload ? 4 : 0);
	if (c->end > b->size)
		return false;
	if (c->local < c->payload)
		c->overflow = big_endian_32(b->bytes + c->at + c->local);
	/* SQLite gives a cell at least four bytes, so that it can become a free block. */
	if (c->end < c->begin + 4)
		c->end = c->begin + 4;
	return c->end <= b->size;
}

/* Marks bytes as used. Returns false when one of them was. */
static bool
use(unsigned char *used, uint32_t begin, uint32_t end)
{
	for (uint32_t i = begin; i < end; i++) {
		if (used[i])
			return false;
		used[i] = 1;
	}
	return true;
}

bool
btree_is_intact(const struct btree_page *b)
{
	const unsigned char *h = b->bytes + b->header;
	uint32_t content = big_endian_16(h + 5), free_at = big_endian_16(h + 1), n_unused = 0;
	uint32_t pointers_end = b->header + header_size(b) + 2 * b->n_cells;
	unsigned char used[PAGES_SIZE_MAX] = { 0 };
	struct btree_cell cell;
	int64_t before = INT64_MIN;

	content = content == 0 ? PAGES_SIZE_MAX : content;
	if (content < pointers_end || content > b->size)
		return false;
	for (uint32_t i = 0; i < b->n_cells; i++) {
		if (!btree_cell(b, i, &cell) || cell.begin < content
		    || !use(used, cell.begin, cell.end))
			return false;
		if (b->type == BTREE_TABLE || b->type == BTREE_TABLE_LEAF) {
			if (cell.rowid <= before)
				return false;
			before = cell.rowid;
		}
	}
	while (free_at != 0) {
		uint32_t next, n;

		if (free_at < content || free_at + 4 > b->size)
			return false;
		next = big_endian_16(b->bytes + free_at);
		n = big_endian_16(b->bytes + free_at + 2);
		if (n < 4 || free_at + n > b->size || !use(used, free_at, free_at + n)
		    || (next != 0 && next < free_at + n))
			return false;
		free_at = next;
	}
	for (uint32_t i = content; i < b->size; i++)
		n_unused += !used[i];
	return n_unused == h[7];
}

/* ---- records -------------------------------------------------------------------------------- */

/* Copies the record from the page and its overflow pages. Returns 1, 0 or -1 like btree_record. */
static int
collect(const struct pages *p, const struct btree_page *b, const struct btree_cell *cell,
    struct btree_record *record, void (*each)(void *arg, uint32_t page), void *arg, struct err *e)
{
	unsigned char page[PAGES_SIZE_MAX];
	uint32_t next = cell->overflow;
	size_t n = cell->local;

	if (cell->payload > (uint64_t)p->size * ((uint64_t)p->n + 1))
		return 0;
	if (cell->payload > record->cap) {
		unsigned char *more = realloc(record->bytes, cell->payload);

		if (more == NULL)
			return err_nomem(e);
		record->bytes = more;
		record->cap = cell->payload;
	}
	if (n > 0)
		memcpy(record->bytes, b->bytes + cell->at, n);
	while (n < cell->payload) {
		size_t part = cell->payload - n < p->size - 4 ? cell->payload - n : p->size - 4;

		if (record->overflow_reads >= BTREE_OVERFLOW_READS * ((uint64_t)p->n + 1)
		    || pages_read(p, next, page) == PAGE_MISSING)
			return 0;
		record->overflow_reads++;
		if (each != NULL)
			each(arg, next);
		memcpy(record->bytes + n, page + 4, part);
		n += part;
		next = big_endian_32(page);
	}
	return 1;
}

static int64_t
integer_at(const unsigned char *p, size_t bytes)
{
	uint64_t n = p[0] & 0x80 ? UINT64_MAX : 0;

	while (bytes-- > 0)
		n = n << 8 | *p++;
	return (int64_t)n;
}

/* Reads the value of a serial type. Returns its bytes, or SIZE_MAX when they do not fit. */
static size_t
read_value(uint64_t type, const unsigned char *p, size_t rest, struct query_value *v)
{
	static const unsigned char sizes[] = { 0, 1, 2, 3, 4, 6, 8, 8, 0, 0 };
	size_t n;

	*v = (struct query_value){ .type = QUERY_NULL };
	if (type == 10 || type == 11)
		return SIZE_MAX;
	if (type >= 12 && (type - 12) / 2 > rest)
		return SIZE_MAX;
	n = type >= 12 ? (size_t)(type - 12) / 2 : sizes[type];
	if (n > rest)
		return SIZE_MAX;
	if (type >= 12) {
		v->type = type % 2 ? QUERY_TEXT : QUERY_BLOB;
		v->bytes = (struct slice){ n > 0 ? (const char *)p : "", n };
	} else if (type == 7) {
		uint64_t bits = (uint64_t)integer_at(p, 8);

		v->type = QUERY_REAL;
		memcpy(&v->real, &bits, sizeof(bits));
	} else if (type != 0) {
		v->type = QUERY_INTEGER;
		v->integer = type == 8 ? 0 : type == 9 ? 1 : integer_at(p, n);
	}
	return n;
}

static bool
read_values(struct btree_record *record, size_t size)
{
	const unsigned char *p = record->bytes, *end = p + size;
	uint64_t header, type;
	uint32_t n = varint_at(p, end, &header);
	size_t at;

	record->n = 0;
	if (n == 0 || header < n || header > size)
		return false;
	at = (size_t)header;
	for (size_t h = n; h < header; h += n) {
		size_t bytes;

		n = varint_at(p + h, p + header, &type);
		if (n == 0 || record->n == BTREE_COLUMNS_MAX)
			return false;
		bytes = read_value(type, p + at, size - at, &record->value[record->n++]);
		if (bytes == SIZE_MAX)
			return false;
		at += bytes;
	}
	return at == size;
}

int
btree_record(const struct pages *p, const struct btree_page *b, const struct btree_cell *cell,
    struct btree_record *record, void (*each)(void *arg, uint32_t page), void *arg, struct err *e)
{
	int rc = cell->payload == 0 ? 0 : collect(p, b, cell, record, each, arg, e);

	if (rc != 1)
		return rc;
	return read_values(record, (size_t)cell->payload);
}

void
btree_record_free(struct btree_record *record)
{
	free(record->bytes);
	*record = (struct btree_record){ .n = 0 };
}
