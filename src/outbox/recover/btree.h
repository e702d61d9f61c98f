/*
 * The b-tree pages of SQLite's file format (sqlite.org/fileformat2.html, 1.6 and 2.1): checks a
 * page, and reads its cells and their records. Every length and offset may be damaged. Pure but for
 * overflow pages, which are read from the file; one thread.
 */
#ifndef OUTBOX_RECOVER_BTREE_H
#define OUTBOX_RECOVER_BTREE_H

#include "outbox/file/query.h"
#include "outbox/recover/pages.h"

#define BTREE_COLUMNS_MAX 32
#define BTREE_RECORD_MAX (256u << 20) /* bytes */
/* Overflow pages that are read in all, for each page of the file: a page belongs to one record, but
 * damaged cells may claim the same ones again and again. */
#define BTREE_OVERFLOW_READS 64

enum btree_type { BTREE_INDEX = 2, BTREE_TABLE = 5, BTREE_INDEX_LEAF = 10, BTREE_TABLE_LEAF = 13 };

struct btree_page {
	const unsigned char *bytes;
	uint32_t size;
	uint32_t header; /* offset of the page's header: 100 on page 1 */
	enum btree_type type;
	uint32_t n_cells;
	uint32_t last_child; /* for the interior types */
};

/* Returns false when the bytes are not a b-tree page at all. */
bool btree_parse(struct btree_page *b, const unsigned char *bytes, uint32_t size, uint32_t number);
/* Whether the cells lie side by side as SQLite leaves them, with nothing between them that is not
 * accounted for. */
bool btree_is_intact(const struct btree_page *b);

static inline bool
btree_is_leaf(const struct btree_page *b)
{
	return b->type == BTREE_INDEX_LEAF || b->type == BTREE_TABLE_LEAF;
}

struct btree_cell {
	uint32_t child;      /* of an interior page */
	int64_t rowid;       /* of a table; on its interior pages the greatest rowid of the child */
	uint64_t payload;    /* bytes of the record; 0: none */
	uint32_t local;      /* bytes of it on this page */
	uint32_t at;         /* offset of these bytes */
	uint32_t overflow;   /* the page with the rest; 0: none */
	uint32_t begin, end; /* the bytes of the cell on the page */
};

/* Returns false when the cell does not lie in the page. */
bool btree_cell(const struct btree_page *b, uint32_t i, struct btree_cell *ret_cell);

struct btree_record {
	struct query_value value[BTREE_COLUMNS_MAX];
	size_t n;
	unsigned char *bytes; /* owned: the record */
	size_t cap;
	uint64_t overflow_reads; /* pages, for all records */
};

/*
 * Reads the record of a cell; its values point into it until the next call. Returns 1, 0 when the
 * record is damaged or one of its overflow pages is, or when too many were read, or -1 without
 * memory. each (may be NULL) gets the number of each overflow page.
 */
int btree_record(const struct pages *p, const struct btree_page *b, const struct btree_cell *cell,
    struct btree_record *record, void (*each)(void *arg, uint32_t page), void *arg, struct err *e);
void btree_record_free(struct btree_record *record);

#endif
