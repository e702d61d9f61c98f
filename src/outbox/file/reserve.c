/*
 * Sets space aside in the database file and in the ballast. SQLite extends the file by the rules of
 * SQLITE_FCNTL_CHUNK_SIZE and SQLITE_FCNTL_SIZE_HINT, and cuts what is too much at the next
 * complete checkpoint. Without space everything here fails with ERR_FULL and leaves the files as
 * they were.
 */
#include "outbox/file/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/file/files.h"
#include "outbox/file/space.h"

/* Opening needs the shared memory, 32 kB for each 32 MB of WAL, and one small transaction. */
#define OPEN_BYTES (UINT64_C(1) << 20)

/*
 * Allocates the file up to the end of its last chunk. SQLite would do the same by writing a byte
 * into each block, which takes as long as writing the pages does, unless it was built with
 * HAVE_POSIX_FALLOCATE. If this fails, SQLite
 * allocates in its own way.
 */
static void
allocate(const struct db *db, int64_t bytes)
{
	off_t size = (off_t)((bytes + RESERVE_CHUNK - 1) / RESERVE_CHUNK * RESERVE_CHUNK);
	struct stat st;

	if (db->file > 0 && fstat(db->file, &st) == 0 && st.st_size < size)
		(void)fallocate(db->file, 0, st.st_size, size - st.st_size);
}

static int
grow(struct db *db, int64_t bytes)
{
	allocate(db, bytes);
	return sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_SIZE_HINT, &bytes);
}

int
reserve_commit(struct db *db, struct err *e)
{
	int64_t bytes;
	int rc;

	if (stmt_database_bytes(db, &bytes, e) != 1)
		return -1;
	rc = grow(db, bytes);
	/* SQLite reports a lack of space as a failed write, but nothing was to be written yet. */
	if (rc != SQLITE_OK && rc != SQLITE_NOTFOUND)
		return err_set(e, ERR_FULL,
		    "the database file cannot grow to %lld bytes: free some on its file system",
		    (long long)bytes);
	return db_exec(db, "COMMIT", e);
}

bool
reserve_try_growth(struct db *db, uint64_t bytes)
{
	int64_t size;

	if (stmt_database_bytes(db, &size, NULL) != 1)
		return false;
	return grow(db, size + (int64_t)bytes) == SQLITE_OK;
}

/* ---- before the file is opened ----------------------------------------------------------------
 */

/*
 * A connection in exclusive mode keeps the index of the WAL in its own memory. A reader that has
 * the file open is in the way of that mode; its shared memory then exists already.
 */
static int
cut_alone(const char *path, struct err *e)
{
	struct db db = { 0 };
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;
	int one = 1, rc = 0;

	if (access(path, F_OK) != 0)
		return 0;
	if (sqlite3_open_v2(path, &db.handle, flags, NULL) == SQLITE_OK) {
		sqlite3_file_control(db.handle, "main", SQLITE_FCNTL_PERSIST_WAL, &one);
		rc = db_exec(&db,
		    "PRAGMA locking_mode=EXCLUSIVE;"
		    "PRAGMA synchronous=FULL;"
		    "PRAGMA wal_checkpoint(TRUNCATE);",
		    e);
		if (rc != 0 && e->code == ERR_IO)
			err_wrap(e, "cannot copy the write-ahead log into %s", path);
		else
			rc = 0;
	}
	sqlite3_close(db.handle);
	return rc;
}

int
reserve_before_open(const char *path, struct err *e)
{
	if (space_free(path) >= OPEN_BYTES)
		return 0;
	if (cut_alone(path, e) != 0)
		return -1;
	if (space_free(path) < OPEN_BYTES)
		reserve_give_up_ballast(path);
	return 0;
}

/* ---- the ballast ------------------------------------------------------------------------------
 */

static int
name_ballast(const char *path, char ret_name[PATH_MAX], struct err *e)
{
	if (snprintf(ret_name, PATH_MAX, "%s.ballast", path) >= PATH_MAX)
		return err_set(
		    e, ERR_INPUT, "the path of the database is too long: use a shorter one");
	return 0;
}

bool
reserve_has_ballast(const char *path)
{
	char name[PATH_MAX];

	return name_ballast(path, name, NULL) == 0 && space_size(name) == RESERVE_BYTES;
}

int
reserve_make_ballast(const char *path, struct err *e)
{
	char name[PATH_MAX];
	int fd, rc;

	if (name_ballast(path, name, e) != 0)
		return -1;
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return err_sys(e, "cannot make %s", name);
	errno = posix_fallocate(fd, 0, (off_t)RESERVE_BYTES);
	rc = errno == 0 ? 0 : err_sys(e, "cannot make %s", name);
	close(fd);
	if (rc != 0)
		unlink(name);
	return rc != 0 ? -1 : files_give_to_owner(path, e);
}

bool
reserve_give_up_ballast(const char *path)
{
	char name[PATH_MAX];

	if (name_ballast(path, name, NULL) != 0 || unlink(name) != 0)
		return false;
	/* Some file systems give blocks back only when the removal itself is on the disk. */
	files_sync_directory_of(path, NULL);
	return true;
}
