/* Adds the row of an operation, and updates its count of events. */
#include "outbox/operate/operation_row.h"

#include "outbox/file/db.h"

/* Every parameter is bound each time: the statement keeps those of the operation before. */
int
operation_row_add(
    struct db *db, const struct operation_row *row, int64_t *ret_operation_id, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_OPERATION_BEGIN, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, row->at);
	db_bind_text(stmt, 2, slice_from(row->actor));
	db_bind_text(stmt, 3, slice_from(row->verb));
	db_bind_text(stmt, 4, row->filter);
	db_bind_text(stmt, 5, slice_from(row->note));
	db_bind_int_or_null(stmt, 6, row->undoes, row->undoes != 0);
	if (db_run(db, stmt, e) != 0)
		return -1;
	*ret_operation_id = sqlite3_last_insert_rowid(db->handle);
	return 0;
}

int
operation_row_count(struct db *db, int64_t operation_id, int64_t events, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_OPERATION_COUNT, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, operation_id);
	db_bind_int(stmt, 2, events);
	return db_run(db, stmt, e);
}
