/*
 * A thin layer over SQLite: opening by the rules of doc/sqlite.md, statements prepared once from
 * schema/statements.sql, and errors in our terms. Private to outbox/.
 *
 * A struct db belongs to one thread at a time.
 */
#ifndef OUTBOX_FILE_DB_H
#define OUTBOX_FILE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "outbox/file/legacy.gen.h"
#include "outbox/file/schema.gen.h"
#include "outbox/file/statements.gen.h"

#define DB_APPLICATION_ID 0x62737031 /* "bsp1" */

struct db {
	sqlite3 *handle;
	sqlite3_stmt *statement[STATEMENT_COUNT]; /* prepared at first use */
	sqlite3_stmt *stmt[STMT_COUNT];
};

enum db_mode {
	DB_READ, /* SQLITE_OPEN_READONLY; ERR_NOTFOUND when there is no file */
	DB_WRITE /* the one writing connection: WAL, synchronous=FULL, no automatic checkpoints */
};

int db_open(struct db *db, const char *path, enum db_mode mode, struct err *e);
/* The message for a file that is something else: ERR_INPUT. */
int db_not_ours(const char *path, struct err *e);
/* Finalizes everything. -1 when SQLite would not close. */
int db_close(struct db *db, struct err *e);

/* Runs SQL text without results. */
int db_exec(struct db *db, const char *sql, struct err *e);
/* The one integer that a query gives; 0 when it gives no row. */
int db_exec_int(struct db *db, const char *sql, int64_t *ret_value, struct err *e);

/* A named statement, reset and without bindings; NULL with e set. Finish with db_done. */
sqlite3_stmt *db_stmt(struct db *db, enum stmt id, struct err *e);
/* 1: a row; 0: no more (already reset); -1: an error (already reset). */
int db_step(struct db *db, sqlite3_stmt *stmt, struct err *e);
/* db_step for a statement that gives no row: 0 or -1. */
int db_run(struct db *db, sqlite3_stmt *stmt, struct err *e);
/* Resets a statement whose rows were not all taken. NULL is fine. */
void db_done(sqlite3_stmt *stmt);

/* Parameters count from 1. Text is borrowed until the statement is reset. An absent slice is NULL.
 */
void db_bind_int(sqlite3_stmt *stmt, int index, int64_t value);
void db_bind_int_or_null(sqlite3_stmt *stmt, int index, int64_t value, bool present);
void db_bind_text(sqlite3_stmt *stmt, int index, struct slice text);
/* Columns count from 0. A slice is valid until the next step or reset; absent when NULL. */
int64_t db_int(sqlite3_stmt *stmt, int column);
struct slice db_text(sqlite3_stmt *stmt, int column);

/* ---- for the generated statements and outbox/filter ------------------------------------------ */

/* A statement of schema/statements/, reset; NULL with e set. Its parameters keep their values. */
sqlite3_stmt *db_statement(struct db *db, enum statement_id id, struct err *e);
/* Prepares a statement that has {filter}, with `filter` in its place. */
struct db_rows db_query(struct db *db, enum statement_id id, struct slice filter, struct err *e);
/* Binds a parameter of such a query by its name, ":name". Text is borrowed until the rows end. */
void db_bind_int_as(struct db_rows *rows, const char *name, int64_t value, struct err *e);
void db_bind_text_as(struct db_rows *rows, const char *name, struct slice value, struct err *e);
/* 1: rows stands on a row; 0: no more; -1. */
int db_next(struct db_rows *rows, struct err *e);

/* Rows that the last INSERT, UPDATE or DELETE changed. */
int64_t db_changes(struct db *db);
/* The rowid of the last INSERT. */
int64_t db_last_id(struct db *db);

/* Fills e from the connection's last error: FULL, BUSY, IO (I/O errors and corruption). -1. */
int db_error(struct db *db, struct err *e, const char *doing);

#endif
