/*
 * Brings the file to this program's version. It recognizes a foreign file by its header before
 * SQLite opens it. It copies the file and runs each missing migration in one transaction; then it
 * switches the file to WAL, and creates the views again when their text has changed. A file of a
 * newer version is refused, and so is one that has two names or the WAL of another file.
 */
#include "outbox/file/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_SIZE 100        /* sqlite.org/fileformat2.html, 1.3 */
#define HEADER_READ_VERSION 19 /* 1: no WAL, 2: WAL */
#define HEADER_SCHEMA_COOKIE 40
#define HEADER_APPLICATION_ID 68

static ssize_t
read_header(const char *path, unsigned char header[HEADER_SIZE], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "cannot open database %s", path);
	n = fstat(fd, &st) == 0 ? pread(fd, header, HEADER_SIZE, 0) : -1;
	if (n < 0)
		err_sys(e, "cannot read database %s", path);
	close(fd);
	/* A file with two names would have a lock and a WAL under each of them. */
	if (n >= 0 && st.st_nlink > 1)
		return err_set(e, ERR_INPUT,
		    "%s has %lu names (hard links), and SQLite would not see that they are one "
		    "file: "
		    "remove the others, or set `database` to a copy",
		    path, (unsigned long)st.st_nlink);
	return n;
}

static uint32_t
header_number(const unsigned char *h, size_t at)
{
	return (uint32_t)h[at] << 24 | (uint32_t)h[at + 1] << 16 | (uint32_t)h[at + 2] << 8
	       | h[at + 3];
}

/*
 * Refuses a WAL beside a file that uses none: the WAL belongs to another file that was here before.
 */
static int
check_wal(const char *path, const unsigned char *header, struct err *e)
{
	char wal[PATH_MAX];
	struct stat st;

	if (header[HEADER_READ_VERSION] != 1
	    || snprintf(wal, sizeof(wal), "%s-wal", path) >= (int)sizeof(wal) || stat(wal, &st) != 0
	    || st.st_size == 0)
		return 0;
	return err_set(e, ERR_INPUT,
	    "%s belongs to a database that %s has replaced, such as by a backup, and would damage "
	    "it: "
	    "move that file and %s-shm away, then start again",
	    wal, path, path);
}

int
migrate_check_file(const char *path, struct err *e)
{
	static const unsigned char blank[HEADER_SIZE];
	unsigned char h[HEADER_SIZE] = { 0 };
	ssize_t n = read_header(path, h, e);
	uint32_t id;

	if (n < 0)
		return -1;
	/*
	 * The file is missing or empty, or a crash interrupted its creation: SQLite then rolls it
	 * back by its journal.
	 */
	if (n == 0 || (n == HEADER_SIZE && memcmp(h, blank, HEADER_SIZE) == 0))
		return 0;
	if (n < HEADER_SIZE || memcmp(h, "SQLite format 3", 16) != 0)
		return db_not_ours(path, e);
	id = header_number(h, HEADER_APPLICATION_ID);
	/*
	 * The file has neither our mark nor a table: a crash interrupted its creation a little
	 * later.
	 */
	if (id == 0 && header_number(h, HEADER_SCHEMA_COOKIE) == 0)
		return 0;
	return id == DB_APPLICATION_ID ? check_wal(path, h, e) : db_not_ours(path, e);
}

static int
too_new(const char *path, int64_t version, struct err *e)
{
	return err_set(e, ERR_INPUT,
	    "%s was written by a newer bentospool (its format is %lld, this program's %d): "
	    "install that version or a later one",
	    path, (long long)version, SCHEMA_VERSION);
}

int
migrate_check_version(struct db *db, const char *path, struct err *e)
{
	int64_t application_id, version;

	if (db_exec_int(db, "PRAGMA application_id", &application_id, e) != 0
	    || db_exec_int(db, "PRAGMA user_version", &version, e) != 0)
		return sqlite3_errcode(db->handle) == SQLITE_NOTADB ? db_not_ours(path, e) : -1;
	if (application_id != DB_APPLICATION_ID)
		return db_not_ours(path, e);
	if (version > SCHEMA_VERSION)
		return too_new(path, version, e);
	if (version < SCHEMA_VERSION)
		return err_set(e, ERR_INPUT,
		    "%s was written by an older bentospool: start the daemon once to upgrade the "
		    "file",
		    path);
	return 0;
}

static int
run_one(struct db *db, const char *sql, int to_version, struct err *e)
{
	char mark[128];

	snprintf(mark, sizeof(mark), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
	    DB_APPLICATION_ID, to_version);
	if (db_exec(db, "BEGIN EXCLUSIVE", e) != 0)
		return -1;
	if (db_exec(db, sql, e) != 0 || db_exec(db, mark, e) != 0) {
		db_rollback(db);
		return err_wrap(e, "migration %d", to_version);
	}
	return 0;
}

/* Copies the file, so that a person can undo the migration. */
static int
copy_before(struct db *db, const char *path, int64_t version, struct err *e)
{
	char *sql = sqlite3_mprintf("VACUUM INTO '%q.v%lld'", path, (long long)version);
	int rc;

	if (sql == NULL)
		return err_nomem(e);
	rc = db_exec(db, sql, e);
	sqlite3_free(sql);
	if (rc != 0)
		err_wrap(e, "cannot copy %s to %s.v%lld before its migration", path, path,
		    (long long)version);
	return rc;
}

/* Creates the file in rollback mode, so that it never exists without our mark in its header. */
static int
prepare_new(struct db *db, struct err *e)
{
	return db_exec(db,
	    "PRAGMA page_size=8192;"
	    "PRAGMA auto_vacuum=INCREMENTAL;",
	    e);
}

static int
switch_to_wal(struct db *db, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	const char *mode = "";
	bool wal;

	if (sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode=WAL", -1, &stmt, NULL) != SQLITE_OK)
		return db_error(db, e, "cannot switch to WAL");
	if (sqlite3_step(stmt) == SQLITE_ROW)
		mode = (const char *)sqlite3_column_text(stmt, 0);
	wal = mode != NULL && strcmp(mode, "wal") == 0;
	/* The change is committed here, and can fail here. */
	if (sqlite3_finalize(stmt) != SQLITE_OK)
		return db_error(db, e, "cannot switch to WAL");
	/* SQLite may stay in another mode without an error (doc/faults.md). */
	if (!wal)
		return err_set(e, ERR_IO, "the database cannot be switched to WAL mode");
	return 0;
}

static int
refresh_views(struct db *db, struct err *e)
{
	int rc = stmt_views_match(db, schema_views, e);

	if (rc != 0)
		return rc == 1 ? 0 : -1;
	if (db_exec(db, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (db_exec(db, schema_views, e) != 0 || stmt_views_record(db, schema_views, e) != 0
	    || db_exec(db, "COMMIT", e) != 0) {
		db_rollback(db);
		return err_wrap(e, "cannot make the views");
	}
	return 0;
}

int
migrate_run(
    struct db *db, const char *path, const char *const *migrations, int n_migrations, struct err *e)
{
	int64_t version;

	if (db_exec_int(db, "PRAGMA user_version", &version, e) != 0)
		return -1;
	if (version > n_migrations)
		return too_new(path, version, e);
	if (version == 0 && prepare_new(db, e) != 0)
		return -1;
	if (version > 0 && version < n_migrations && copy_before(db, path, version, e) != 0)
		return -1;
	for (int i = (int)version; i < n_migrations; i++)
		if (run_one(db, migrations[i], i + 1, e) != 0)
			return -1;
	if (switch_to_wal(db, e) != 0)
		return -1;
	return refresh_views(db, e);
}
