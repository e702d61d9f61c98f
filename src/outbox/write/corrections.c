/*
 * Corrects provisional times. A step takes the oldest events that have some, and shifts all times
 * that were read from the unset clock: receipt, settling, the start of a wait for an address, and
 * the event's own time if it was derived from the receipt. A time that the client gave is only
 * limited as usual: not much later than the receipt.
 */
#include "outbox/write/corrections.h"

#include "event/segment/segment.h"
#include "outbox/file/db.h"
#include "outbox/message_kind.h"
#include "outbox/outbox.h"

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

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_correction *c = (struct outbox_correction *)msg;
	const struct stmt_provisional_end all = { .up_to = INT64_MAX, .max = INT64_MAX };
	struct stmt_provisional_end step = { .max = MESSAGE_STEP_EVENTS };
	int64_t up_to;

	c->n_corrected = 0;
	c->more = false;
	if (c->last_event_id == 0 && stmt_provisional_end(t->db, &all, &c->last_event_id, e) < 0)
		return -1;
	step.up_to = c->last_event_id;
	if (stmt_provisional_end(t->db, &step, &up_to, e) < 0)
		return -1;
	if (up_to == 0)
		return 0;
	if (correct(t, c, up_to, e) != 0)
		return -1;
	c->n_corrected = db_changes(t->db);
	c->more = up_to < c->last_event_id;
	t->due = t->changed = true;
	return 0;
}

const struct message_kind outbox_correction_kind = {
	.name = "correction",
	.apply = apply,
	.events = MESSAGE_STEP_EVENTS,
};
