/*
 * A connection to the outbox's SQLite file. Each statement of schema/statements/ has a function of
 * its own (outbox/file/statements.gen.h).
 *
 * A struct db belongs to one thread at a time.
 */
#ifndef OUTBOX_FILE_DB_H
#define OUTBOX_FILE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "outbox/file/schema.gen.h"
#include "outbox/file/statements.gen.h"

#define DB_APPLICATION_ID 0x62737031 /* "bsp1" */

struct sqlite3;

struct db {
	struct sqlite3 *handle;
	struct sqlite3_stmt *statement[STATEMENT_COUNT]; /* prepared at first use */
	struct sqlite3_stmt *rollback; /* prepared at the start, for use when there is no memory */
	int file; /* of the writing connection: SQLite's descriptor of the file; 0: not known */
	void (*watch_wal)(void *arg, int pages);
	void *watch_wal_arg;
	void (*watch_long)(void *arg, const char *doing);
	void *watch_long_arg;
	char doing[512]; /* what takes long; "" */
};

enum db_mode {
	DB_READ, /* SQLITE_OPEN_READONLY; ERR_NOTFOUND when there is no file */
	DB_WRITE /* the one writing connection: WAL, synchronous=FULL, no automatic checkpoints */
};

int db_open(struct db *db, const char *path, enum db_mode mode, struct err *e);
/* Sets the error for a file that is not a bentospool database: ERR_INPUT. */
int db_not_ours(const char *path, struct err *e);
/* Finalizes all statements. -1 when SQLite cannot close the file. */
int db_close(struct db *db, struct err *e);

/* Makes the statement that runs, if one does, end with an error. Any thread, while the file is
 * open. */
void db_interrupt(struct db *db);

/* Writes a compact copy of the whole file; no file may exist at that path. */
int db_copy(struct db *db, const char *to, struct err *e);

/*
 * Makes work that may take long call `each`: when it begins, and then after each million or so of
 * SQLite's steps. NULL: nobody is called any more. The struct db must not move.
 */
void db_watch_long(struct db *db, void (*each)(void *arg, const char *doing), void *arg);
/* Say what begins, for people, and that it has ended. */
void db_begin_long(struct db *db, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void db_end_long(struct db *db);

/* Runs SQL text and ignores its rows. */
int db_exec(struct db *db, const char *sql, struct err *e);
/* Reads the integer in the first column of the first row; 0 when there is no row. */
int db_exec_int(struct db *db, const char *sql, int64_t *ret_value, struct err *e);

/* Commits a transaction that changes nothing but writes a page. Returns -1 with the error of BEGIN,
 * of the write or of the sync, rolled back. */
int db_try_commit(struct db *db, struct err *e);

/* Returns how many rows the last INSERT, UPDATE or DELETE changed. */
int64_t db_changes(struct db *db);
/* Returns the rowid of the last INSERT. */
int64_t db_last_id(struct db *db);
/*
 * Rolls an open transaction back; some errors have already done so. Returns -1 when it stays open
 * for lack of memory: call it again before the next BEGIN, which would otherwise fail.
 */
int db_rollback(struct db *db);

/*
 * Makes every commit call `each` with the number of pages in the WAL. The struct db must not move.
 */
void db_watch_wal(struct db *db, void (*each)(void *arg, int pages), void *arg);
/*
 * Copies the WAL into the file; with `cut` also empties the WAL. ret_pages gets the pages then in
 * the WAL, and is unchanged when that is unknown. Returns 0 also when a reader is in the way.
 */
int db_checkpoint(struct db *db, bool cut, int *ret_pages, struct err *e);

/* Fills e from the connection's last error: FULL, BUSY, NOMEM, IO (I/O errors and corruption), or
 * SYSTEM, also for a write that the system refused (read-only, no permission). Returns -1. */
int db_error(struct db *db, struct err *e, const char *doing);
/* The same after sqlite3_wal_checkpoint_v2; errno must have been 0 before. */
int db_error_of_checkpoint(struct db *db, struct err *e);

/* Returns the version of the linked SQLite library. */
const char *db_library(void);
/* Returns the feature that the program needs and the SQLite library lacks; NULL when it has all. */
const char *db_library_lack(void);

/* ---- for the generated statements and for queries with a filter ------------------------------ */

/* Returns a statement of schema/statements/, reset, or NULL with e set. Its parameters keep their
 * values. */
struct sqlite3_stmt *db_statement(struct db *db, enum statement_id id, struct err *e);
/* Returns 1 for a row, 0 after the last row, -1 on an error. After 0 and -1 the statement is
 * reset. */
int db_step(struct db *db, struct sqlite3_stmt *stmt, struct err *e);
/* Like db_step, for a statement without rows. Returns 0 or -1. */
int db_run(struct db *db, struct sqlite3_stmt *stmt, struct err *e);
/* Prepares a statement and puts `filter`, which is freed, in place of its {filter}. */
struct db_rows db_select(struct db *db, enum statement_id id, struct buf *filter, struct err *e);
/* Binds a parameter of such a query by its name, ":name". Text is copied. */
void db_bind_int_as(struct db_rows *rows, const char *name, int64_t value, struct err *e);
void db_bind_text_as(struct db_rows *rows, const char *name, struct slice value, struct err *e);
/* Ends the rows after an error that the caller has reported: db_next then returns -1. */
void db_rows_fail(struct db_rows *rows);
/* The same for a row of which a text could not be read without memory. Returns -1. */
int db_rows_lack(struct db_rows *rows, struct err *e);
/* Returns 1 when rows has a row, 0 after the last row, -1 on an error. */
int db_next(struct db_rows *rows, struct err *e);

#endif
