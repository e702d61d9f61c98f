#include "outbox/settle.h"

int
settle_apply(struct db *db, const struct outbox_settle *settle, int64_t now, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_DELIVERY_SETTLE, e);

	if (stmt == NULL)
		return -1;
	for (size_t i = 0; i < settle->n_events; i++) {
		db_bind_int(stmt, 1, settle->event_ids[i]);
		db_bind_text(stmt, 2, slice_from(status_name(settle->status)));
		db_bind_text(stmt, 3, slice_from(settle->reason));
		db_bind_int(stmt, 4, now);
		if (db_run(db, stmt, e) != 0)
			return -1;
	}
	return 0;
}
