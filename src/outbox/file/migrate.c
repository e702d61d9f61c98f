/*
 * Brings the file to this program's version. It recognizes a foreign file by its header before
 * SQLite opens it. It copies the file and runs each missing migration in one transaction. A process
 * that is killed in between begins again at the next start. Then it switches the file to WAL, and
 * creates the views again when their text has changed. A file of a newer version is refused, and so
 * is one that has two names or the WAL of another file.
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

#include "outbox/file/big_endian.h"
#include "outbox/file/files.h"
#include "outbox/file/part.h"
#include "outbox/file/reserve.h"

#define HEADER_SIZE 100        /* sqlite.org/fileformat2.html, 1.3 */
#define HEADER_READ_VERSION 19 /* 1: no WAL, 2: WAL */
#define HEADER_SCHEMA_COOKIE 40
#define HEADER_APPLICATION_ID 68
#define WAL_HEAD 32 /* sqlite.org/fileformat2.html, 4.1: bytes before the first frame */

static ssize_t
read_header(const char *path, unsigned char header[HEADER_SIZE], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_file(e, path, "cannot open database %s", path);
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

/*
 * Refuses a WAL beside a file that uses none: the WAL belongs to another file that was here before.
 * A WAL without a frame does no harm: a power cut during the creation of a database can leave one
 * beside the journal that takes the file back.
 */
static int
check_wal(const char *path, const unsigned char *header, struct err *e)
{
	char wal[PATH_MAX];
	struct stat st;

	if (header[HEADER_READ_VERSION] != 1
	    || snprintf(wal, sizeof(wal), "%s-wal", path) >= (int)sizeof(wal) || stat(wal, &st) != 0
	    || st.st_size <= WAL_HEAD)
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
	id = big_endian_32(h + HEADER_APPLICATION_ID);
	/*
	 * The file has neither our mark nor a table: a crash interrupted its creation a little
	 * later.
	 */
	if (id == 0 && big_endian_32(h + HEADER_SCHEMA_COOKIE) == 0)
		return 0;
	return id == DB_APPLICATION_ID ? check_wal(path, h, e) : db_not_ours(path, e);
}

static bool
has_journal(const char *path)
{
	char journal[PATH_MAX];

	return snprintf(journal, sizeof(journal), "%s-journal", path) < (int)sizeof(journal)
	       && access(journal, F_OK) == 0;
}

int
migrate_remove_empty_wal(const char *path, struct err *e)
{
	unsigned char h[HEADER_SIZE] = { 0 };
	char wal[PATH_MAX];
	struct stat st;

	if (snprintf(wal, sizeof(wal), "%s-wal", path) >= (int)sizeof(wal) || stat(wal, &st) != 0
	    || st.st_size > WAL_HEAD)
		return 0;
	if (!has_journal(path)) {
		if (read_header(path, h, e) < 0)
			return -1;
		if (h[HEADER_READ_VERSION] != 1)
			return 0;
	}
	return unlink(wal) == 0 ? 0 : err_sys(e, "cannot remove %s", wal);
}

/*
 * Reads the header with SQLite's own descriptor. A file that is being created has no WAL at first:
 * what is read after the WAL was seen decides.
 */
int
migrate_check_open(struct db *db, const char *path, struct err *e)
{
	unsigned char h[HEADER_SIZE] = { 0 };
	sqlite3_file *file = NULL;
	int rc = 0;

	sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	for (int i = 0; i < 2; i++) {
		if (file == NULL || file->pMethods == NULL
		    || file->pMethods->xRead(file, h, HEADER_SIZE, 0) != SQLITE_OK)
			return 0;
		rc = check_wal(path, h, e);
		if (rc == 0)
			return 0;
	}
	return rc;
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

	snprintf(mark, sizeof(mark), "PRAGMA application_id=%d; PRAGMA user_version=%d",
	    DB_APPLICATION_ID, to_version);
	if (db_exec(db, "BEGIN EXCLUSIVE", e) != 0)
		return -1;
	if (db_exec(db, sql, e) != 0 || db_exec(db, mark, e) != 0 || reserve_commit(db, e) != 0) {
		db_rollback(db);
		return err_wrap(e, "migration %d", to_version);
	}
	return 0;
}

static int
upgrade_one(struct db *db, const char *path, const char *sql, int to_version, struct err *e)
{
	int rc;

	db_begin_long(db, "bringing %s to format %d", path, to_version);
	rc = run_one(db, sql, to_version, e);
	db_end_long(db);
	return rc;
}

/* ---- the copy before an upgrade ---------------------------------------------------------------
 */

/* The copy of the file as it was, and its name until it is complete. */
struct copy_names {
	char copy[PART_PATH_SIZE];
	char part[PART_PATH_SIZE];
};

static int
name_copy(const char *path, int64_t version, struct copy_names *ret, struct err *e)
{
	if (snprintf(ret->copy, PART_PATH_SIZE, "%s.v%lld", path, (long long)version)
	    >= PART_PATH_SIZE)
		return err_set(
		    e, ERR_INPUT, "the path of the database is too long: use a shorter one");
	return part_name(ret->copy, ret->part, e);
}

static int
write_part(struct db *db, const char *path, const char *part, struct err *e)
{
	int rc;

	db_begin_long(db, "copying %s before it is upgraded", path);
	rc = db_copy(db, part, e);
	db_end_long(db);
	return rc;
}

/*
 * Copies the file, so that a person can undo the upgrade. The copy has its name only when it is
 * complete and synced. It replaces an older one, which another upgrade from this version left.
 */
static int
copy_before(struct db *db, const char *path, const struct copy_names *names, struct err *e)
{
	int rc = write_part(db, path, names->part, e);
	int64_t bytes;

	if (rc == 0)
		rc = part_sync(names->part, &bytes, e);
	if (rc == 0 && rename(names->part, names->copy) != 0)
		rc = err_sys(e, "cannot rename %s", names->part);
	if (rc == 0)
		return files_sync_directory_of(path, e);
	unlink(names->part);
	return err_wrap(e, "cannot copy %s to %s before its upgrade", path, names->copy);
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
	    || reserve_commit(db, e) != 0) {
		db_rollback(db);
		return err_wrap(e, "cannot make the views");
	}
	return 0;
}

static int
upgrade(struct db *db, const char *path, int64_t version, const char *const *migrations,
    int n_migrations, struct err *e)
{
	struct copy_names names;

	if (name_copy(path, version, &names, e) != 0)
		return -1;
	unlink(names.part); /* an upgrade was killed before */
	if (version == n_migrations)
		return 0;
	if (copy_before(db, path, &names, e) != 0)
		return -1;
	for (int i = (int)version; i < n_migrations; i++)
		if (upgrade_one(db, path, migrations[i], i + 1, e) != 0)
			return -1;
	return 0;
}

static int
create(struct db *db, const char *const *migrations, int n_migrations, struct err *e)
{
	if (prepare_new(db, e) != 0)
		return -1;
	for (int i = 0; i < n_migrations; i++)
		if (run_one(db, migrations[i], i + 1, e) != 0)
			return -1;
	return 0;
}

int
migrate_run(
    struct db *db, const char *path, const char *const *migrations, int n_migrations, struct err *e)
{
	int64_t version;
	int rc;

	if (db_exec_int(db, "PRAGMA user_version", &version, e) != 0)
		return -1;
	if (version > n_migrations)
		return too_new(path, version, e);
	if (version == 0)
		rc = create(db, migrations, n_migrations, e);
	else
		rc = upgrade(db, path, version, migrations, n_migrations, e);
	if (rc != 0 || switch_to_wal(db, e) != 0)
		return -1;
	return refresh_views(db, e);
}
