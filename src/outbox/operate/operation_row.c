/* Adds the row of an operation, and updates its count of events. */
#include "outbox/operate/operation_row.h"

#include "outbox/file/db.h"

int
operation_row_add(
    struct db *db, const struct operation_row *row, int64_t *ret_operation_id, struct err *e)
{
	const struct stmt_operation_begin in = {
		.at = row->at,
		.actor = row->actor,
		.verb = row->verb,
		.filter = row->filter,
		.note = row->note,
		.undoes = db_int_if(row->undoes != 0, row->undoes),
	};

	if (stmt_operation_begin(db, &in, e) != 0)
		return -1;
	*ret_operation_id = db_last_id(db);
	return 0;
}

int
operation_row_count(struct db *db, int64_t operation_id, int64_t events, struct err *e)
{
	return stmt_operation_set_events(db,
	    &(struct stmt_operation_set_events){ .operation_id = operation_id, .events = events },
	    e);
}
