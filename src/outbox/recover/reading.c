/*
 * Rows of a tree without checksums are believed only when their page is intact and current.
 * Everything that is not is noted as a hole: its tree and a range of rowids. Fails on errors of the
 * new database and without memory, never on what the old file holds.
 */
#include "outbox/recover/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/file/db.h"

#define DEPTH_MAX 24
#define COMMIT_ROWS 20000
#define PROGRESS_PAGES 256

struct range {
	int64_t first, last; /* of rowids */
};

static const struct range everything = { INT64_MIN, INT64_MAX };

static bool
is_within(int64_t rowid, struct range range)
{
	return rowid >= range.first && rowid <= range.last;
}

/* ---- pages that were visited ---------------------------------------------------------------- */

static bool
is_visited(const struct reading *r, uint32_t page)
{
	return r->visited[page / 8] >> page % 8 & 1;
}

static void
visit(void *arg, uint32_t page)
{
	struct reading *r = arg;

	if (page > r->pages.n || is_visited(r, page))
		return;
	r->visited[page / 8] |= (unsigned char)(1 << page % 8);
	if (++r->done % PROGRESS_PAGES == 0 && r->progress != NULL)
		r->progress->tell(r->progress->arg, r->done, r->pages.n);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Commits now and then, so that the changes of a transaction stay few. */
static int
count_row(struct reading *r, struct err *e)
{
	if (++r->written < COMMIT_ROWS)
		return 0;
	r->written = 0;
	return db_exec(r->db, "COMMIT; BEGIN", e);
}

static int
add_hole(struct reading *r, size_t i, struct range range, struct err *e)
{
	const char *name = sources[i].name;
	struct query_value values[3] = {
		{ .type = QUERY_TEXT, .bytes = slice_from(name) },
		{ .type = QUERY_INTEGER, .integer = range.first },
		{ .type = QUERY_INTEGER, .integer = range.last },
	};

	r->tree[i].lost++;
	return loader_add(&r->hole, values, 3, e) < 0 ? -1 : count_row(r, e);
}

/* Loads the record that was read. Returns an enum loaded, or -1. */
static int
load(struct reading *r, size_t i, const struct btree_cell *cell, struct err *e)
{
	const struct source *s = &sources[i];
	struct query_value *v = r->record.value;
	int rc;

	if (r->record.n != r->tree[i].columns)
		return LOADED_NOTHING;
	if (s->is_table && strcmp(s->name, "sqlite_sequence") != 0)
		v[0] = (struct query_value){ .type = QUERY_INTEGER, .integer = cell->rowid };
	rc = loader_add(&r->tree[i].load, v, r->record.n, e);
	if (rc < 0 || count_row(r, e) != 0)
		return -1;
	/* An event that was there already comes here, too: staging sorts it out. */
	if (rc == LOADED_NOTHING && s->self_checked)
		return loader_add(&r->tree[i].load_damaged, v, r->record.n, e) < 0 ? -1 : LOADED;
	return rc;
}

/* Reads a cell of a page that may contain the range. */
static int
read_cell(struct reading *r, size_t i, const struct btree_page *b, const struct btree_cell *cell,
    struct range range, struct err *e)
{
	const struct source *s = &sources[i];
	int rc = btree_record(&r->pages, b, cell, &r->record, visit, r, e);

	if (rc == 1 && (!s->is_table || s->self_checked || is_within(cell->rowid, range))) {
		rc = load(r, i, cell, e);
		if (rc == LOADED || rc == LOADED_BEFORE)
			return 0;
	}
	if (rc < 0)
		return -1;
	return s->is_table ? add_hole(r, i, (struct range){ cell->rowid, cell->rowid }, e)
			   : add_hole(r, i, everything, e);
}

/* ---- walks ---------------------------------------------------------------------------------- */

struct walk {
	struct reading *r;
	size_t source;
	int depth;
};

static int walk(struct walk *w, uint32_t number, struct range range, struct err *e);

static int
walk_leaf(struct walk *w, const struct btree_page *b, struct range range, struct err *e)
{
	struct btree_cell cell;

	for (uint32_t i = 0; i < b->n_cells; i++)
		if (btree_cell(b, i, &cell) && read_cell(w->r, w->source, b, &cell, range, e) != 0)
			return -1;
	return 0;
}

static int
walk_children(struct walk *w, const struct btree_page *b, struct range range, struct err *e)
{
	struct btree_cell cell;

	for (uint32_t i = 0; i < b->n_cells; i++) {
		struct range child = range;

		if (!btree_cell(b, i, &cell))
			return add_hole(w->r, w->source, range, e);
		if (b->type == BTREE_TABLE) {
			child.last = cell.rowid;
			range.first = cell.rowid < INT64_MAX ? cell.rowid + 1 : INT64_MAX;
		} else if (read_cell(w->r, w->source, b, &cell, range, e) != 0) {
			return -1;
		}
		if (walk(w, cell.child, child, e) != 0)
			return -1;
	}
	return walk(w, b->last_child, range, e);
}

static int
walk_page(struct walk *w, uint32_t number, unsigned char *page, struct range range, struct err *e)
{
	const struct source *s = &sources[w->source];
	enum page_state state = pages_read(&w->r->pages, number, page);
	struct btree_page b;
	bool good;

	if (state == PAGE_MISSING || !btree_parse(&b, page, w->r->pages.size, number)
	    || s->is_table != (b.type == BTREE_TABLE || b.type == BTREE_TABLE_LEAF)) {
		w->r->n_pages_damaged++;
		return add_hole(w->r, w->source, range, e);
	}
	good = state == PAGE_READ && btree_is_intact(&b);
	w->r->n_pages_damaged += !good;
	visit(w->r, number);
	if (!good && add_hole(w->r, w->source, range, e) != 0)
		return -1;
	if (btree_is_leaf(&b))
		return good || s->self_checked ? walk_leaf(w, &b, range, e) : 0;
	return good ? walk_children(w, &b, range, e) : 0;
}

static int
walk(struct walk *w, uint32_t number, struct range range, struct err *e)
{
	unsigned char *page;
	int rc;

	if (number == 0 || number > w->r->pages.n || w->depth == DEPTH_MAX
	    || is_visited(w->r, number))
		return add_hole(w->r, w->source, range, e);
	page = malloc(w->r->pages.size);
	if (page == NULL)
		return err_nomem(e);
	w->depth++;
	rc = walk_page(w, number, page, range, e);
	w->depth--;
	free(page);
	return rc;
}

/* ---- pages that no walk reached -------------------------------------------------------------- */

/* Reads the cells of a page of which only the page itself says what it is. */
static int
read_alone(struct reading *r, const struct btree_page *b, bool good, struct err *e)
{
	bool table = b->type == BTREE_TABLE || b->type == BTREE_TABLE_LEAF;
	struct btree_cell cell;
	int rc;

	if (b->type == BTREE_TABLE)
		return 0;
	for (uint32_t k = 0; k < b->n_cells; k++) {
		if (!btree_cell(b, k, &cell))
			continue;
		rc = btree_record(&r->pages, b, &cell, &r->record, NULL, NULL, e);
		if (rc < 0)
			return -1;
		for (size_t i = 0; rc == 1 && i < n_sources; i++)
			if (sources[i].typical && sources[i].is_table == table
			    && r->tree[i].columns == r->record.n
			    && (good || sources[i].self_checked) && load(r, i, &cell, e) < 0)
				return -1;
	}
	return 0;
}

static int
read_unreached(struct reading *r, unsigned char *page, struct err *e)
{
	struct btree_page b;

	for (uint32_t number = 2; number <= r->pages.n; number++) {
		enum page_state state;

		if (is_visited(r, number))
			continue;
		state = pages_read(&r->pages, number, page);
		if (state != PAGE_MISSING && btree_parse(&b, page, r->pages.size, number)
		    && read_alone(r, &b, state == PAGE_READ && btree_is_intact(&b), e) != 0)
			return -1;
		visit(r, number);
	}
	for (size_t i = 0; i < r->pages.wal.wrong.n; i++)
		if (pages_read_wrong(&r->pages, i, page)
		    && btree_parse(&b, page, r->pages.size, r->pages.wal.wrong.frame[i].page)
		    && read_alone(r, &b, false, e) != 0)
			return -1;
	return 0;
}

/* ---- roots ----------------------------------------------------------------------------------- */

/* The tree of page 1 says where the others are. */
static void
note_root(struct reading *r)
{
	const struct query_value *v = r->record.value;

	if (r->record.n != 5 || v[1].type != QUERY_TEXT || v[3].type != QUERY_INTEGER
	    || v[3].integer <= 1 || v[3].integer > r->pages.n)
		return;
	for (size_t i = 0; i < n_sources; i++)
		if (slice_equals(v[1].bytes, slice_from(sources[i].name)))
			r->tree[i].root = (uint32_t)v[3].integer;
	for (size_t i = 0; i < n_sources; i++)
		r->rooted = r->rooted || r->tree[i].root != 0;
}

static int read_schema(struct reading *r, uint32_t number, int depth, struct err *e);

static int
read_schema_page(struct reading *r, uint32_t number, unsigned char *page, int depth, struct err *e)
{
	struct btree_page b;
	struct btree_cell cell;
	int rc = 0;

	if (pages_read(&r->pages, number, page) == PAGE_MISSING
	    || !btree_parse(&b, page, r->pages.size, number))
		return 0;
	visit(r, number);
	for (uint32_t i = 0; rc >= 0 && i < b.n_cells; i++) {
		if (!btree_cell(&b, i, &cell))
			continue;
		if (b.type == BTREE_TABLE)
			rc = read_schema(r, cell.child, depth + 1, e);
		else if (b.type == BTREE_TABLE_LEAF)
			rc = btree_record(&r->pages, &b, &cell, &r->record, visit, r, e);
		if (rc == 1)
			note_root(r);
	}
	return rc >= 0 && b.type == BTREE_TABLE ? read_schema(r, b.last_child, depth + 1, e) : rc;
}

/* A page that was visited is not read again: the cells of a damaged page may all name one child. */
static int
read_schema(struct reading *r, uint32_t number, int depth, struct err *e)
{
	unsigned char *page;
	int rc;

	if (number == 0 || number > r->pages.n || depth == DEPTH_MAX || is_visited(r, number))
		return 0;
	page = malloc(r->pages.size);
	if (page == NULL)
		return err_nomem(e);
	rc = read_schema_page(r, number, page, depth, e);
	free(page);
	return rc < 0 ? -1 : 0;
}

/*
 * Where the old file does not say it, a tree is where it is in the new file, which was made by the
 * same statements. When that is wrong, the rows do not fit, and the pages are looked at one by one.
 */
static int
guess_root(struct reading *r, size_t i, struct err *e)
{
	char sql[160];
	int64_t root;

	snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'",
	    sources[i].name);
	if (db_exec_int(r->db, sql, &root, e) != 0)
		return -1;
	if (sources[i].typical || r->tree[i].columns > 3)
		r->tree[i].root = (uint32_t)root;
	return 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int
open_tree(struct reading *r, size_t i, struct err *e)
{
	const struct source *s = &sources[i];
	struct tree *tree = &r->tree[i];
	char sql[400];
	int64_t columns = (int64_t)s->columns;
	int n;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM pragma_table_info('%s')", s->name);
	if (columns == 0 && db_exec_int(r->db, sql, &columns, e) != 0)
		return -1;
	tree->columns = (size_t)columns;
	n = snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (?1", s->name);
	for (int64_t k = 2; k <= columns; k++)
		n += snprintf(sql + n, sizeof(sql) - (size_t)n, ", ?%d", (int)k);
	snprintf(sql + n, sizeof(sql) - (size_t)n, ")");
	if (loader_open(&tree->load, r->db, s->load != NULL ? s->load : sql, e) != 0)
		return -1;
	return s->load_damaged == NULL
		   ? 0
		   : loader_open(&tree->load_damaged, r->db, s->load_damaged, e);
}

int
reading_open(struct reading *r, const char *path, struct db *db, struct err *e)
{
	if (pages_open(&r->pages, path, e) != 0)
		return -1;
	r->db = db;
	r->visited = calloc(1, (size_t)r->pages.n / 8 + 1);
	if (r->visited == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n_sources; i++)
		if (open_tree(r, i, e) != 0)
			return -1;
	return loader_open(&r->hole, db, "INSERT INTO hole VALUES (?1, ?2, ?3)", e);
}

static int
read_everything(struct reading *r, struct err *e)
{
	unsigned char page[PAGES_SIZE_MAX];

	if (read_schema(r, 1, 0, e) != 0)
		return -1;
	for (size_t i = 0; i < n_sources; i++) {
		struct walk w = { .r = r, .source = i };

		if ((r->tree[i].root == 0 && guess_root(r, i, e) != 0)
		    || walk(&w, r->tree[i].root, everything, e) != 0)
			return -1;
	}
	return read_unreached(r, page, e);
}

int
reading_run(struct reading *r, struct err *e)
{
	if (db_exec(r->db, "BEGIN", e) != 0)
		return -1;
	return read_everything(r, e) == 0 ? db_exec(r->db, "COMMIT", e) : -1;
}

void
reading_close(struct reading *r)
{
	for (size_t i = 0; i < n_sources; i++) {
		loader_close(&r->tree[i].load);
		loader_close(&r->tree[i].load_damaged);
	}
	loader_close(&r->hole);
	btree_record_free(&r->record);
	free(r->visited);
	pages_close(&r->pages);
}
