/* Gives events a status, or a new retry time and batch size, without an attempt. Fails on errors of
 * the database. */
#include "outbox/write/settle.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"
#include "outbox/write/spans.h"

/* All events of the message are of one site. */
static int
note(struct transaction *t, const struct outbox_settle *settle, int64_t changed, struct err *e)
{
	int64_t site_id = 0;

	if (changed == 0 || settle->status == STATUS_PENDING)
		return 0;
	if (stmt_delivery_site(t->db, settle->event_ids[0], &site_id, e) < 0)
		return -1;
	tally_note(&t->finished, site_id, settle->status, settle->reason, (uint64_t)changed);
	return 0;
}

static int
settle_events(struct transaction *t, const struct outbox_settle *settle, struct err *e)
{
	bool settled = settle->status != STATUS_PENDING;
	struct stmt_delivery_settle in = {
		.status = status_name(settle->status),
		.reason = settle->reason,
		.settled_at = db_int_if(settled, t->now),
		.next_attempt_at = settled ? 0 : settle->next_attempt_at,
		.charge = settle->charge,
		.max_batch = db_int_if(settle->max_batch != 0, settle->max_batch),
		.detail = settle->detail,
	};
	int64_t changed = 0;

	for (size_t i = 0; i < settle->n_events; i++) {
		in.event_id = settle->event_ids[i];
		if (spans_leave_one(t->db, in.event_id, e) != 0)
			return -1;
		if (stmt_delivery_settle(t->db, &in, e) != 0)
			return -1;
		changed += db_changes(t->db);
	}
	return note(t, settle, changed, e);
}

static int
settle_doubts(struct transaction *t, const struct outbox_settle *settle, struct err *e)
{
	struct stmt_delivery_settle_doubt in = {
		.status = status_name(settle->status),
		.reason = settle->reason,
		.settled_at = t->now,
	};
	int64_t changed = 0;

	for (size_t i = 0; i < settle->n_events; i++) {
		in.event_id = settle->event_ids[i];
		if (stmt_delivery_settle_doubt(t->db, &in, e) != 0)
			return -1;
		changed += db_changes(t->db);
	}
	return note(t, settle, changed, e);
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	const struct outbox_settle *settle = (const struct outbox_settle *)msg;

	return settle->in_doubt ? settle_doubts(t, settle, e) : settle_events(t, settle, e);
}

const struct message_kind outbox_settle_kind = {
	.name = "settle",
	.apply = apply,
	.events_at = offsetof(struct outbox_settle, n_events),
	.space = SPACE_WORK,
};
