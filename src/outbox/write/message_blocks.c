/*
 * Collects what the newest block needs while its events are stored, and writes it when the next one
 * begins: sorts the messageIds, stores them in rows of a few, and has event_block.c store the rest.
 * A block whose messageIds exceed MESSAGE_BLOCK_BYTES gets one row that says so, and the view reads
 * its events. After a start, a rollback or a change the newest block is read from its events again.
 * Fails on errors of the database and without memory.
 */
#include "outbox/write/message_blocks.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "outbox/file/db.h"

struct id {
	uint64_t head; /* its first eight bytes, so that most comparisons read no text */
	uint32_t at;   /* bytes of the texts */
	uint32_t n;
};

struct message_block {
	struct db *db;
	int64_t number;
	struct buf texts;
	struct id ids[EVENT_BLOCK_EVENTS];
	size_t n;
	bool too_large;
	struct event_block events;
};

static struct slice
text_of(const struct message_block *b, size_t i)
{
	return (struct slice){ b->texts.p + b->ids[i].at, b->ids[i].n };
}

/* Compares texts in SQLite's order. */
static int
compare(const void *a, const void *b, void *texts)
{
	const struct id *x = a, *y = b;
	const char *p = texts;
	int order;

	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	order = memcmp(p + x->at, p + y->at, x->n < y->n ? x->n : y->n);
	return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

/* Returns the first eight bytes of the text as a number that sorts like them. A shorter text ends
 * in zeros: it sorts before its continuations, and compares equal to one that continues with zeros.
 */
static uint64_t
head_of(struct slice id)
{
	unsigned char bytes[8] = { 0 };
	uint64_t head;

	memcpy(bytes, id.p, id.n < sizeof(bytes) ? id.n : sizeof(bytes));
	memcpy(&head, bytes, sizeof(head));
	return be64toh(head);
}

static void
add_text(struct message_block *b, struct slice id)
{
	b->too_large = b->too_large || b->texts.n + id.n > MESSAGE_BLOCK_BYTES;
	if (b->too_large)
		return;
	b->ids[b->n++] = (struct id){ head_of(id), (uint32_t)b->texts.n, (uint32_t)id.n };
	buf_append_slice(&b->texts, id);
}

/* ---- filling -------------------------------------------------------------------------------- */

static struct message_block *
block_new(struct db *db, struct err *e)
{
	struct message_block *b = malloc(sizeof(*b));

	if (b == NULL) {
		err_nomem(e);
		return NULL;
	}
	b->db = db;
	buf_init(&b->texts, MESSAGE_BLOCK_BYTES);
	event_block_init(&b->events);
	return b;
}

static void
block_free(struct message_block *b)
{
	if (b == NULL)
		return;
	buf_free(&b->texts);
	event_block_free(&b->events);
	free(b);
}

static int
block_begin(struct message_block *b, int64_t number, struct err *e)
{
	b->number = number;
	b->n = 0;
	b->too_large = false;
	buf_clear(&b->texts);
	return event_block_begin(&b->events, b->db, e);
}

/* Fills the block with its stored events. */
static int
block_read(struct message_block *b, struct err *e)
{
	const struct stmt_message_block_events in = {
		.first = event_block_first(b->number),
		.last = event_block_last(b->number),
	};
	struct db_rows rows = stmt_message_block_events(b->db, &in, e);
	struct stmt_message_block_events_row row;
	int rc;

	while ((rc = stmt_message_block_events_next(&rows, &row, e)) == 1) {
		const struct event_block_event event = {
			.event_id = row.event_id,
			.site_id = row.site_id,
			.received_at = row.received_at,
			.kind = row.kind,
			.name = row.name,
			.email = row.email,
		};

		event_block_add(&b->events, &event);
		add_text(b, row.message_id);
	}
	return rc;
}

/* ---- storing -------------------------------------------------------------------------------- */

static int
add_chunk(const struct message_block *b, struct slice first, struct slice ids, struct err *e)
{
	return stmt_message_chunk_add(b->db,
	    &(struct stmt_message_chunk_add){ .block = b->number, .first = first, .ids = ids }, e);
}

/* Stores one row with the ids from i on; *ret_end gets the first id of the next row. A line end
 * precedes and follows each id. */
static int
write_chunk(
    const struct message_block *b, size_t i, struct buf *chunk, size_t *ret_end, struct err *e)
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
write_chunks(struct message_block *b, struct err *e)
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
block_write(struct message_block *b, struct err *e)
{
	if (b->texts.failed)
		return err_nomem(e);
	if (b->events.events == 0)
		return 0;
	return event_block_write(&b->events, b->db, b->number, e) == 0 ? write_chunks(b, e) : -1;
}

/* Writes a block by its stored events. */
static int
write_stored(struct db *db, int64_t number, struct err *e)
{
	struct message_block *b = block_new(db, e);
	int rc = b == NULL ? -1 : block_begin(b, number, e);

	if (rc == 0)
		rc = block_read(b, e);
	if (rc == 0)
		rc = block_write(b, e);
	block_free(b);
	return rc;
}

/* ---- the newest block ------------------------------------------------------------------------ */

void
message_blocks_close(struct message_blocks *m)
{
	block_free(m->newest);
	m->newest = NULL;
}

void
message_blocks_forget(struct message_blocks *m, int64_t event_id)
{
	if (m->is_filled && event_block_of(event_id) >= m->newest->number)
		m->is_filled = false;
}

/* Writes the block before the one that begins. */
static int
write_complete(struct message_blocks *m, int64_t number, struct err *e)
{
	if (m->is_filled && m->newest->number == number)
		return block_write(m->newest, e);
	return write_stored(m->newest->db, number, e);
}

int
message_blocks_advance(struct message_blocks *m, int64_t event_id, struct err *e)
{
	int64_t block = event_block_of(event_id);

	if (m->is_filled && m->newest->number == block)
		return 0;
	if (event_block_of(event_id - 1) != block && write_complete(m, block - 1, e) != 0)
		return -1;
	m->is_filled = false;
	if (block_begin(m->newest, block, e) != 0 || block_read(m->newest, e) != 0)
		return -1;
	m->is_filled = true;
	return 0;
}

void
message_blocks_add(
    struct message_blocks *m, const struct event_block_event *event, struct slice message_id)
{
	event_block_add(&m->newest->events, event);
	add_text(m->newest, message_id);
}

/* Writes the last block if ids continue beyond it, which manual changes can bring about. */
static int
catch_up(struct db *db, int64_t last_event_id, struct err *e)
{
	int64_t newest = 0, block;
	int rc = stmt_message_newest_event(db, &newest, e);

	if (rc < 0)
		return -1;
	block = event_block_of(newest);
	if (newest == 0 || block >= event_block_of(last_event_id))
		return 0;
	rc = stmt_message_block_exists(db, block, e);
	return rc != 0 ? (rc < 0 ? -1 : 0) : write_stored(db, block, e);
}

int
message_blocks_open(struct message_blocks *m, struct db *db, int64_t last_event_id, struct err *e)
{
	m->is_filled = false;
	m->newest = block_new(db, e);
	if (m->newest == NULL)
		return -1;
	if (catch_up(db, last_event_id, e) == 0)
		return 0;
	message_blocks_close(m);
	return -1;
}

/* ---- all blocks ------------------------------------------------------------------------------ */

static int
rebuild_block(struct db *db, int64_t block, struct err *e)
{
	if (db_exec(db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (write_stored(db, block, e) == 0)
		return db_exec(db, "COMMIT", e);
	db_rollback(db);
	return -1;
}

int
message_blocks_rebuild(struct db *db, struct err *e)
{
	int64_t event_id = 0, newest = 0;
	int rc = stmt_message_newest_event(db, &newest, e);

	while (rc >= 0 && (rc = stmt_message_next_event(db, event_id, &event_id, e)) == 1
	       && event_block_of(event_id) < event_block_of(newest)) {
		rc = rebuild_block(db, event_block_of(event_id), e);
		event_id = event_block_last(event_block_of(event_id));
	}
	return rc < 0 ? -1 : 0;
}

/* ---- blocks that change ---------------------------------------------------------------------- */

static int
write_again(struct db *db, int64_t block, struct err *e)
{
	int rc = stmt_message_block_exists(db, block, e);

	if (rc != 1)
		return rc;
	if (stmt_message_block_drop(db, block, e) != 0 || event_block_drop(db, block, e) != 0)
		return -1;
	return write_stored(db, block, e);
}

int
message_blocks_change(struct db *db, int64_t *changed, int64_t event_id, struct err *e)
{
	int64_t before = *changed;

	*changed = event_id;
	if (before == 0 || (event_id != 0 && event_block_of(before) == event_block_of(event_id)))
		return 0;
	return write_again(db, event_block_of(before), e);
}
