/* Gives pending events a status, or a new time and size, without an attempt. */
#include "outbox/write/settle.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"

static int
settle_events(struct db *db, const struct outbox_settle *settle, int64_t now, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_DELIVERY_SETTLE, e);
	bool settled = settle->status != STATUS_PENDING;

	if (stmt == NULL)
		return -1;
	for (size_t i = 0; i < settle->n_events; i++) {
		db_bind_int(stmt, 1, settle->event_ids[i]);
		db_bind_text(stmt, 2, slice_from(status_name(settle->status)));
		db_bind_text(stmt, 3, slice_from(settle->reason));
		db_bind_int_or_null(stmt, 4, now, settled);
		db_bind_int(stmt, 5, settled ? 0 : settle->next_attempt_at);
		db_bind_int(stmt, 6, settle->charge);
		db_bind_int_or_null(stmt, 7, settle->max_batch, settle->max_batch != 0);
		db_bind_text(stmt, 8, slice_from(settle->detail));
		if (db_run(db, stmt, e) != 0)
			return -1;
	}
	return 0;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	return settle_events(t->db, (const struct outbox_settle *)msg, t->now, e);
}

const struct message_kind outbox_settle_kind = {
	.name = "settle",
	.apply = apply,
	.events_at = offsetof(struct outbox_settle, n_events),
};
