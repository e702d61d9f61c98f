/*
 * The rows of one run of a statement:
 *
 *	struct db_rows rows = stmt_due_fresh(db, &(struct stmt_due_fresh){ ... }, e);
 *
 *	while ((rc = stmt_due_fresh_next(&rows, &event_id, e)) == 1)
 *		...
 *
 * A statement that cannot be prepared makes the first `next` fail, so only `next` needs a check.
 * After 0 and -1 the rows have ended. A caller that stops earlier calls db_rows_end, which may be
 * called at any time. A slice is valid until the next row or the end. A statement of one connection
 * has one set of rows at a time: do not run it again while its rows are read.
 */
#ifndef OUTBOX_FILE_ROWS_H
#define OUTBOX_FILE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct db;
struct sqlite3_stmt;

struct db_rows {
	struct db *db;
	struct sqlite3_stmt *stmt; /* NULL: no rows, or the last one was read */
	bool failed;               /* the error has been reported */
	bool owned;                /* to be finalized at the end, not reset */
	struct sqlite3_stmt *kept; /* to be run again, until db_rows_finish */
};

void db_rows_end(struct db_rows *rows);
/* Makes it possible to run a query with a filter several times, with other parameters: call
 * db_rows_again before each run, and db_rows_finish when all is done. */
void db_rows_keep(struct db_rows *rows);
void db_rows_again(struct db_rows *rows);
void db_rows_finish(struct db_rows *rows);
/* Returns how many steps SQLite has taken for kept rows since the last such call. */
int64_t db_rows_steps(struct db_rows *rows);

/* An integer that may be NULL; { 0 } is NULL. */
struct db_int {
	int64_t value;
	bool there;
};

static inline struct db_int
db_int_if(bool there, int64_t value)
{
	return (struct db_int){ value, there };
}

#endif
