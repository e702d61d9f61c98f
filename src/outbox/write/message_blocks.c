/*
 * Writes a block of messageIds: reads them from the events, sorts them, and stores them in rows of
 * a few. A block whose messageIds exceed MESSAGE_BLOCK_BYTES gets one row that says so, and the
 * view reads its events. Fails on errors of the database and without memory.
 */
#include "outbox/write/message_blocks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "outbox/file/db.h"

struct id {
	size_t at; /* bytes of the texts */
	size_t n;
};

struct block {
	struct db *db;
	int64_t number;
	struct buf texts;
	struct id ids[MESSAGE_BLOCK_EVENTS];
	size_t n;
	bool too_large;
};

static struct slice
text_of(const struct block *b, size_t i)
{
	return (struct slice){ b->texts.p + b->ids[i].at, b->ids[i].n };
}

/* Compares texts in SQLite's order. */
static int
compare(const void *a, const void *b, void *texts)
{
	const struct id *x = a, *y = b;
	const char *p = texts;
	int order = memcmp(p + x->at, p + y->at, x->n < y->n ? x->n : y->n);

	return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static int
read_ids(struct block *b, struct err *e)
{
	const struct stmt_message_block_ids in = {
		.first = b->number << MESSAGE_BLOCK_BITS,
		.last = ((b->number + 1) << MESSAGE_BLOCK_BITS) - 1,
	};
	struct db_rows rows = stmt_message_block_ids(b->db, &in, e);
	struct slice id;
	int rc;

	while ((rc = stmt_message_block_ids_next(&rows, &id, e)) == 1) {
		b->too_large = b->texts.n + id.n > MESSAGE_BLOCK_BYTES;
		if (b->too_large)
			break;
		b->ids[b->n++] = (struct id){ b->texts.n, id.n };
		buf_append_slice(&b->texts, id);
		if (b->texts.failed) {
			db_rows_end(&rows);
			return err_nomem(e);
		}
	}
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

static int
add_chunk(const struct block *b, struct slice first, struct slice ids, struct err *e)
{
	return stmt_message_chunk_add(b->db,
	    &(struct stmt_message_chunk_add){ .block = b->number, .first = first, .ids = ids }, e);
}

/* Stores one row with the ids from i on; *ret_end gets the first id of the next row. A line end
 * precedes and follows each id. */
static int
write_chunk(const struct block *b, size_t i, struct buf *chunk, size_t *ret_end, struct err *e)
{
	struct slice first = text_of(b, i);
	size_t from = i;

	buf_clear(chunk);
	buf_append_byte(chunk, '\n');
	/* Several sites may have the same messageId: a row must not begin with the last id of the
	 * row before. */
	while (i < b->n
	       && ((i - from < MESSAGE_CHUNK_IDS && chunk->n < MESSAGE_CHUNK_BYTES)
		   || slice_equals(text_of(b, i), text_of(b, i - 1)))) {
		if (i == from || !slice_equals(text_of(b, i), text_of(b, i - 1))) {
			buf_append_slice(chunk, text_of(b, i));
			buf_append_byte(chunk, '\n');
		}
		i++;
	}
	*ret_end = i;
	return chunk->failed ? err_nomem(e) : add_chunk(b, first, buf_slice(chunk), e);
}

static int
write_chunks(struct block *b, struct err *e)
{
	struct buf chunk;
	int rc = 0;

	if (b->too_large)
		return add_chunk(b, SLICE(""), SLICE_NONE, e);
	qsort_r(b->ids, b->n, sizeof(*b->ids), compare, b->texts.p);
	buf_init(&chunk, 2 * MESSAGE_BLOCK_BYTES);
	for (size_t i = 0; rc == 0 && i < b->n;)
		rc = write_chunk(b, i, &chunk, &i, e);
	buf_free(&chunk);
	return rc;
}

static int
write_block(struct db *db, int64_t number, struct err *e)
{
	struct block *b = malloc(sizeof(*b));
	int rc;

	if (b == NULL)
		return err_nomem(e);
	b->db = db;
	b->number = number;
	b->n = 0;
	b->too_large = false;
	buf_init(&b->texts, MESSAGE_BLOCK_BYTES);
	rc = read_ids(b, e);
	if (rc == 0 && (b->n > 0 || b->too_large))
		rc = write_chunks(b, e);
	buf_free(&b->texts);
	free(b);
	return rc;
}

int
message_blocks_advance(struct db *db, int64_t event_id, struct err *e)
{
	int64_t block = message_block_of(event_id);

	if (message_block_of(event_id - 1) == block)
		return 0;
	return write_block(db, block - 1, e);
}

int
message_blocks_catch_up(struct db *db, int64_t last_event_id, struct err *e)
{
	int64_t newest = 0, block;
	int rc = stmt_message_newest_event(db, &newest, e);

	if (rc < 0)
		return -1;
	block = message_block_of(newest);
	if (newest == 0 || block >= message_block_of(last_event_id))
		return 0;
	rc = stmt_message_block_exists(db, block, e);
	return rc != 0 ? (rc < 0 ? -1 : 0) : write_block(db, block, e);
}

static int
write_again(struct db *db, int64_t block, struct err *e)
{
	int rc = stmt_message_block_exists(db, block, e);

	if (rc != 1)
		return rc;
	if (stmt_message_block_drop(db, block, e) != 0)
		return -1;
	return write_block(db, block, e);
}

int
message_blocks_change(struct db *db, int64_t *changed, int64_t event_id, struct err *e)
{
	int64_t before = *changed;

	*changed = event_id;
	if (before == 0
	    || (event_id != 0 && message_block_of(before) == message_block_of(event_id)))
		return 0;
	return write_again(db, message_block_of(before), e);
}
