/*
 * Corrects provisional times. A step takes the oldest events with provisional times, and shifts all
 * times that were read from the unset clock: receipt, settling, the start of a wait for an address,
 * and the event's own time if it was derived from the receipt. A time that the client gave is only
 * limited as usual: not much later than the receipt.
 *
 * The first step also corrects what these events said about ids, so that the order between events
 * and statements stays. A number in the table meta keeps a second run, after a crash between the
 * steps, from correcting a statement twice.
 */
#include "outbox/write/corrections.h"

#include "event/segment/segment.h"
#include "outbox/file/db.h"
#include "outbox/message_kind.h"
#include "outbox/outbox.h"
#include "outbox/write/event_block.h"
#include "outbox/write/message_blocks.h"
#include "outbox/write/store.h"

#define STATEMENTS_KEY "corrected_statements" /* the last event whose statements were corrected */

const char correction_reason[] = "clock_not_set";
static const char detail[] =
    "it came while this machine's clock was not set: its times were corrected";

int
corrections_read(struct db *db, struct outbox_unset *ret, struct err *e)
{
	*ret = (struct outbox_unset){ 0 };
	return stmt_provisional_count(db, &ret->events, e) < 0
		       || stmt_newest_receipt(db, &ret->newest_receipt, e) < 0
		   ? -1
		   : 0;
}

static int
correct(struct transaction *t, const struct outbox_correction *c, int64_t up_to, struct err *e)
{
	if (stmt_correct_delivery(t->db,
		&(struct stmt_correct_delivery){
		    .shift = c->shift,
		    .now = t->now,
		    .up_to = up_to,
		    .reason = correction_reason,
		    .detail = detail,
		},
		e)
	    != 0)
		return -1;
	return stmt_correct_event(t->db,
	    &(struct stmt_correct_event){
		.shift = c->shift,
		.up_to = up_to,
		.tolerance = SEGMENT_FUTURE_MAX_MS,
	    },
	    e);
}

/* The blocks of the events of one step. */
struct blocks {
	int64_t number[MESSAGE_STEP_EVENTS];
	size_t n;
};

static int
find_blocks(struct db *db, int64_t up_to, struct blocks *ret_blocks, struct err *e)
{
	struct db_rows rows = stmt_provisional_blocks(db, up_to, e);
	int rc;

	ret_blocks->n = 0;
	while (
	    (rc = stmt_provisional_blocks_next(&rows, &ret_blocks->number[ret_blocks->n], e)) == 1)
		if (++ret_blocks->n == MESSAGE_STEP_EVENTS)
			break;
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

/* Writes the times of the blocks again. */
static int
correct_blocks(struct db *db, const struct blocks *blocks, struct err *e)
{
	int64_t changed = 0;

	for (size_t i = 0; i < blocks->n; i++)
		if (message_blocks_change(db, &changed, event_block_last(blocks->number[i]), e)
		    != 0)
			return -1;
	return message_blocks_change(db, &changed, 0, e);
}

static int
correct_statements(struct transaction *t, const struct outbox_correction *c, struct err *e)
{
	struct stmt_provisional_first_row first;
	struct db_rows rows;
	int64_t done = 0;
	int rc;

	if (stmt_clock_get(t->db, STATEMENTS_KEY, &done, e) < 0)
		return -1;
	rows = stmt_provisional_first(t->db, done, e);
	rc = stmt_provisional_first_next(&rows, &first, e);
	db_rows_end(&rows);
	if (rc != 1)
		return rc;
	claims_clear(&t->store->claims);
	if (stmt_correct_claims(t->db,
		&(struct stmt_correct_claims){ .shift = c->shift, .first = first.event_id }, e)
		!= 0
	    || stmt_correct_addresses(t->db,
		   &(struct stmt_correct_addresses){
		       .shift = c->shift,
		       .first = first.event_id,
		       .from = first.received_at,
		   },
		   e)
		   != 0)
		return -1;
	return stmt_clock_set(
	    t->db, &(struct stmt_clock_set){ .key = STATEMENTS_KEY, .value = c->last_event_id }, e);
}

/* Selects all events that have provisional times now, and corrects their statements about ids. */
static int
begin(struct transaction *t, struct outbox_correction *c, struct err *e)
{
	const struct stmt_provisional_end all = { .up_to = INT64_MAX, .max = INT64_MAX };

	if (stmt_provisional_end(t->db, &all, &c->last_event_id, e) < 0)
		return -1;
	return c->last_event_id == 0 || correct_statements(t, c, e) == 0 ? 0 : -1;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_correction *c = (struct outbox_correction *)msg;
	struct stmt_provisional_end step = { .max = MESSAGE_STEP_EVENTS };
	struct blocks blocks;
	int64_t up_to;

	c->n_corrected = 0;
	c->more = false;
	if (c->last_event_id == 0 && begin(t, c, e) != 0)
		return -1;
	step.up_to = c->last_event_id;
	if (stmt_provisional_end(t->db, &step, &up_to, e) < 0)
		return -1;
	if (up_to == 0)
		return 0;
	if (find_blocks(t->db, up_to, &blocks, e) != 0 || correct(t, c, up_to, e) != 0)
		return -1;
	c->n_corrected = db_changes(t->db);
	if (correct_blocks(t->db, &blocks, e) != 0)
		return -1;
	message_blocks_forget(&t->store->blocks, up_to);
	c->more = up_to < c->last_event_id;
	t->due = t->changed = true;
	return 0;
}

const struct message_kind outbox_correction_kind = {
	.name = "correction",
	.apply = apply,
	.events = MESSAGE_STEP_EVENTS,
	.space = SPACE_WORK,
};
