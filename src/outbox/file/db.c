/*
 * One connection to the database. It opens the file by the rules of doc/sqlite.md, prepares each
 * statement at its first use, and steps through rows. An error's code says what it means for the
 * outbox: FULL and BUSY may pass, IO (a failed write, or damage) does not.
 */
#include "outbox/file/db.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "outbox/file/checksum.h"
#include "outbox/file/files.h"
#include "outbox/file/migrate.h"
#include "outbox/file/reserve.h"

#define SELECT_MAX 8192 /* bytes of a statement with its filter */
#define BUSY_READ_MS 5000
#define BUSY_WRITE_MS 2000
#define ROLLBACK_TRIES 8
#define LONG_STEPS 1000000 /* well below a second */

int
db_not_ours(const char *path, struct err *e)
{
	return err_set(e, ERR_INPUT,
	    "%s is not a bentospool database and was not changed: set `database` to another "
	    "file",
	    path);
}

static int
configure_connection(struct db *db, enum db_mode mode, struct err *e)
{
	sqlite3_busy_timeout(db->handle, mode == DB_READ ? BUSY_READ_MS : BUSY_WRITE_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_extended_result_codes(db->handle, 1);
	/* A reader moves forward only: a large cache would hold pages that it never reads again. */
	if (mode == DB_READ && db_exec(db, "PRAGMA cache_size=-512;", e) != 0)
		return -1;
	/*
	 * Erased data must not remain in free pages of the file. The writer appends to tables and
	 * reads single rows: a larger cache saves few reads.
	 */
	if (mode == DB_WRITE
	    && db_exec(db, "PRAGMA secure_delete=ON; PRAGMA cache_size=-1536;", e) != 0)
		return -1;
	if (checksum_register(db->handle) != SQLITE_OK)
		return db_error(db, e, "database");
	if (sqlite3_prepare_v3(
		db->handle, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &db->rollback, NULL)
	    != SQLITE_OK)
		return db_error(db, e, "database");
	return db_exec(db,
	    "PRAGMA synchronous=FULL;"
	    "PRAGMA wal_autocheckpoint=0;"
	    "PRAGMA mmap_size=0;"
	    "PRAGMA temp_store=MEMORY;"
	    "PRAGMA foreign_keys=OFF;",
	    e);
}

/* SQLite's memory statistics are not used, and cost a lock at each allocation. */
static void
configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int
db_open(struct db *db, const char *path, enum db_mode mode, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	int one = 1, chunk = RESERVE_CHUNK;

	*db = (struct db){ 0 };
	pthread_once(&once, configure_library);
	if (mode == DB_READ && access(path, R_OK) != 0)
		return errno == ENOENT || errno == ENOTDIR
			   ? err_set(e, ERR_NOTFOUND, "there is no database at %s", path)
			   : err_file(e, path, "cannot open database %s", path);
	flags |= mode == DB_READ
		     ? SQLITE_OPEN_READONLY
		     : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK)
		goto fail;
	if (mode == DB_READ && migrate_check_open(db, path, e) != 0) {
		db_close(db, NULL);
		return -1;
	}
	if (configure_connection(db, mode, e) != 0) {
		if ((sqlite3_errcode(db->handle) & 0xff) == SQLITE_NOTADB)
			db_not_ours(path, e);
		else
			err_wrap(e, "cannot open database %s", path);
		if (e != NULL && e->code == ERR_IO
		    && (mode == DB_WRITE
			|| (sqlite3_errcode(db->handle) & 0xff) == SQLITE_CANTOPEN))
			(void)files_check_access(path, e);
		db_close(db, NULL);
		return -1;
	}
	if (mode == DB_WRITE) {
		sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &one);
		sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk);
		db->file = files_find_open(path);
	}
	return 0;
fail:
	if (db->handle == NULL)
		return err_nomem(e);
	db_error(db, e, path);
	err_wrap(e, "cannot open database");
	db_close(db, NULL);
	return -1;
}

int
db_close(struct db *db, struct err *e)
{
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(db->statement[i]);
	sqlite3_finalize(db->rollback);
	if (sqlite3_close(db->handle) != SQLITE_OK)
		return db_error(db, e, "cannot close the database");
	*db = (struct db){ 0 };
	return 0;
}

int
db_copy(struct db *db, const char *to, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(db->handle, "VACUUM INTO ?1", -1, &stmt, NULL) != SQLITE_OK
	    || sqlite3_bind_text(stmt, 1, to, -1, SQLITE_STATIC) != SQLITE_OK
	    || sqlite3_step(stmt) != SQLITE_DONE)
		rc = db_error(db, e, "copy");
	sqlite3_finalize(stmt);
	return rc;
}

/* ---- work that takes long -------------------------------------------------------------------- */

static int
tell_long(void *arg)
{
	struct db *db = arg;

	if (db->doing[0] != '\0')
		db->watch_long(db->watch_long_arg, db->doing);
	return 0;
}

void
db_watch_long(struct db *db, void (*each)(void *arg, const char *doing), void *arg)
{
	db->watch_long = each;
	db->watch_long_arg = arg;
	sqlite3_progress_handler(db->handle, LONG_STEPS, each == NULL ? NULL : tell_long, db);
}

void
db_begin_long(struct db *db, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(db->doing, sizeof(db->doing), fmt, args);
	va_end(args);
	if (db->watch_long != NULL)
		tell_long(db);
}

void
db_end_long(struct db *db)
{
	db->doing[0] = '\0';
}

/* ---- SQL text ---------------------------------------------------------------------------------
 */

int
db_exec(struct db *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, e, "database");
	return 0;
}

int
db_exec_int(struct db *db, const char *sql, int64_t *ret_value, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		return db_error(db, e, "database");
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		*ret_value = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	else
		db_error(db, e, "database");
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

int
db_step(struct db *db, sqlite3_stmt *stmt, struct err *e)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE) {
		db_error(db, e, "database");
		sqlite3_reset(stmt);
		return -1;
	}
	sqlite3_reset(stmt);
	return 0;
}

int
db_run(struct db *db, sqlite3_stmt *stmt, struct err *e)
{
	int rc = db_step(db, stmt, e);

	if (rc == 1) {
		sqlite3_reset(stmt);
		return err_set(e, ERR_STATE, "database: a statement without columns gave a row");
	}
	return rc;
}

/* ---- statements ------------------------------------------------------------------------------ */

sqlite3_stmt *
db_statement(struct db *db, enum statement_id id, struct err *e)
{
	if (db->statement[id] == NULL
	    && sqlite3_prepare_v3(db->handle, statements[id].sql, -1, SQLITE_PREPARE_PERSISTENT,
		   &db->statement[id], NULL)
		   != SQLITE_OK) {
		db_error(db, e, statements[id].name);
		return NULL;
	}
	return db->statement[id];
}

struct db_rows
db_select(struct db *db, enum statement_id id, struct buf *filter, struct err *e)
{
	static const char mark[] = "{filter}";
	const char *sql = statements[id].sql, *at = strstr(sql, mark);
	struct db_rows rows = { .db = db, .owned = true };
	struct buf whole;

	buf_init(&whole, SELECT_MAX);
	buf_append(&whole, sql, (size_t)(at - sql));
	buf_append_slice(&whole, buf_slice(filter));
	buf_append_slice(&whole, slice_from(at + strlen(mark)));
	if (whole.failed || filter->failed)
		err_nomem(e);
	else if (sqlite3_prepare_v2(db->handle, whole.p, (int)whole.n, &rows.stmt, NULL)
		 != SQLITE_OK)
		db_error(db, e, statements[id].name);
	rows.failed = rows.stmt == NULL;
	buf_free(&whole);
	buf_free(filter);
	return rows;
}

void
db_rows_fail(struct db_rows *rows)
{
	db_rows_end(rows);
	rows->failed = true;
}

int
db_rows_lack(struct db_rows *rows, struct err *e)
{
	db_rows_fail(rows);
	return err_nomem(e);
}

/* Makes the rows fail when the statement lacks the parameter, or memory runs out. */
static void
check_bind(struct db_rows *rows, int rc, const char *name, struct err *e)
{
	if (rc == SQLITE_OK)
		return;
	if (rc == SQLITE_RANGE)
		err_set(e, ERR_STATE, "database: a query has no parameter %s", name);
	else
		err_nomem(e);
	db_rows_fail(rows);
}

void
db_bind_int_as(struct db_rows *rows, const char *name, int64_t value, struct err *e)
{
	if (!rows->failed)
		check_bind(rows,
		    sqlite3_bind_int64(
			rows->stmt, sqlite3_bind_parameter_index(rows->stmt, name), value),
		    name, e);
}

void
db_bind_text_as(struct db_rows *rows, const char *name, struct slice value, struct err *e)
{
	if (!rows->failed)
		check_bind(rows,
		    sqlite3_bind_text64(rows->stmt, sqlite3_bind_parameter_index(rows->stmt, name),
			value.p, value.n, SQLITE_TRANSIENT, SQLITE_UTF8),
		    name, e);
}

int
db_next(struct db_rows *rows, struct err *e)
{
	int rc;

	if (rows->stmt == NULL)
		return rows->failed ? -1 : 0;
	rc = sqlite3_step(rows->stmt);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE) {
		db_error(rows->db, e, "database");
		rows->failed = true;
	}
	db_rows_end(rows);
	return rows->failed ? -1 : 0;
}

void
db_rows_end(struct db_rows *rows)
{
	if (rows->owned)
		sqlite3_finalize(rows->stmt);
	else
		sqlite3_reset(rows->stmt);
	rows->stmt = NULL;
}

void
db_rows_keep(struct db_rows *rows)
{
	rows->kept = rows->stmt;
	rows->owned = false;
}

void
db_rows_again(struct db_rows *rows)
{
	if (rows->failed)
		return;
	sqlite3_reset(rows->kept);
	rows->stmt = rows->kept;
}

void
db_interrupt(struct db *db)
{
	sqlite3_interrupt(db->handle);
}

int64_t
db_rows_steps(struct db_rows *rows)
{
	return sqlite3_stmt_status(rows->kept, SQLITE_STMTSTATUS_VM_STEP, 1);
}

void
db_rows_finish(struct db_rows *rows)
{
	db_rows_end(rows);
	sqlite3_finalize(rows->kept);
	rows->kept = NULL;
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int64_t
db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int
db_rollback(struct db *db)
{
	for (int i = 0; i < ROLLBACK_TRIES && !sqlite3_get_autocommit(db->handle); i++) {
		sqlite3_step(db->rollback);
		sqlite3_reset(db->rollback);
	}
	return sqlite3_get_autocommit(db->handle) ? 0 : -1;
}

int
db_try_commit(struct db *db, struct err *e)
{
	char sql[64];

	if (db_rollback(db) != 0)
		return err_nomem(e);
	/* SQLite writes the page even when the value stays the same. */
	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d", DB_APPLICATION_ID);
	if (db_exec(db, "BEGIN IMMEDIATE", e) == 0 && db_exec(db, sql, e) == 0
	    && db_exec(db, "COMMIT", e) == 0)
		return 0;
	db_rollback(db);
	return -1;
}

/* ---- the WAL --------------------------------------------------------------------------------- */

static int
wal_hook(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle;
	(void)name;
	db->watch_wal(db->watch_wal_arg, pages);
	return SQLITE_OK;
}

void
db_watch_wal(struct db *db, void (*each)(void *arg, int pages), void *arg)
{
	db->watch_wal = each;
	db->watch_wal_arg = arg;
	sqlite3_wal_hook(db->handle, wal_hook, db);
}

int
db_checkpoint(struct db *db, bool cut, int *ret_pages, struct err *e)
{
	int mode = cut ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
	int pages = -1, rc;

	sqlite3_busy_timeout(db->handle, 0);
	errno = 0;
	rc = sqlite3_wal_checkpoint_v2(db->handle, "main", mode, &pages, NULL);
	if (pages >= 0)
		*ret_pages = pages;
	if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		rc = 0;
	else
		rc = db_error_of_checkpoint(db, e);
	sqlite3_busy_timeout(db->handle, BUSY_WRITE_MS);
	return rc;
}

/* ---- the library ----------------------------------------------------------------------------- */

const char *
db_library(void)
{
	return sqlite3_libversion();
}

const char *
db_library_lack(void)
{
	if (sqlite3_threadsafe() == 0)
		return "threads";
	if (sqlite3_compileoption_used("OMIT_WAL"))
		return "the write-ahead log";
	if (sqlite3_compileoption_used("OMIT_JSON"))
		return "JSON";
	if (sqlite3_compileoption_used("OMIT_AUTHORIZATION"))
		return "authorizers";
	if (sqlite3_compileoption_used("OMIT_PROGRESS_CALLBACK"))
		return "progress callbacks";
	return NULL;
}
