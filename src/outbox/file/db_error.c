/*
 * What an error of SQLite means for the outbox: FULL, BUSY, NOMEM and SYSTEM may pass, IO (a failed
 * write or sync, or damage) does not.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#include "outbox/file/db.h"

/* What the system said of the last call for the WAL that failed; 0: unknown. */
static int
wal_errno(sqlite3 *handle)
{
	sqlite3_file *wal = NULL;
	int error = 0;

	if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK
	    || wal == NULL || wal->pMethods == NULL
	    || wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &error) != SQLITE_OK)
		return 0;
	return error;
}

/* SQLite says of a file that cannot be read, by one of these, that it is malformed. */
static bool
cannot_read(int error)
{
	return error == EIO || error == ENXIO || error == ERANGE;
}

/* What the system said when SQLite could not open or read a file; 0: it is not that, or unknown. */
static int
read_errno(sqlite3 *handle, int code)
{
	int error = 0;

	if ((code & 0xff) == SQLITE_CANTOPEN)
		return sqlite3_system_errno(handle);
	if ((code & 0xff) != SQLITE_CORRUPT)
		return 0;
	(void)sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
	if (!cannot_read(error))
		error = wal_errno(handle);
	return cannot_read(error) ? error : 0;
}

/*
 * What a failed write means by its errno. SQLite calls every one but ENOSPC an I/O error. With
 * these the system refused before it touched the file, so all that was synced is still there, and
 * what was not written stays in the WAL or is rolled back.
 */
static enum err_code
code_of_write(int error)
{
	switch (error) {
	case EDQUOT:
	case EFBIG:
	case ENOSPC:
		return ERR_FULL;
	case EROFS:
	case EACCES:
	case EPERM:
		return ERR_SYSTEM;
	default:
		return ERR_IO;
	}
}

/* error: what the system said, should a write have failed. */
static int
set_error(struct db *db, struct err *e, const char *doing, int error)
{
	int code = sqlite3_extended_errcode(db->handle);
	bool write = code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_TRUNCATE;
	enum err_code ours = ERR_SYSTEM;
	int unread = write ? 0 : read_errno(db->handle, code);

	if (write)
		ours = code_of_write(error);
	/* The shared memory is not on the disk: it could not grow for lack of space. */
	else if ((code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE)
		ours = ERR_FULL;
	else if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
		ours = ERR_BUSY;
	else if ((code & 0xff) == SQLITE_NOMEM)
		ours = ERR_NOMEM;
	else if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CORRUPT
		 || (code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_READONLY
		 || (code & 0xff) == SQLITE_CANTOPEN)
		ours = ERR_IO;
	if (ours == ERR_BUSY)
		return err_set(e, ours,
		    "%s: another program has locked the database with an open transaction", doing);
	if (unread != 0)
		return err_set(e, ours, "%s: %s: %s", doing,
		    (code & 0xff) == SQLITE_CANTOPEN ? sqlite3_errmsg(db->handle)
						     : "cannot read the file",
		    strerror(unread));
	return err_set(e, ours, "%s: %s%s", doing,
	    write && error != 0 ? strerror(error) : sqlite3_errmsg(db->handle),
	    ours == ERR_FULL ? ": free some on its file system" : "");
}

int
db_error(struct db *db, struct err *e, const char *doing)
{
	return set_error(db, e, doing, wal_errno(db->handle));
}

int
db_error_of_checkpoint(struct db *db, struct err *e)
{
	/* It writes both files, and SQLite remembers the errno of this call. */
	return set_error(db, e, "checkpoint", sqlite3_system_errno(db->handle));
}
