/*
 * Restores a backup: copies it under the lock of the database, checks the copy, gives it the owner
 * and the mode of the present database, looks what only the present one has, and exchanges the two
 * names. Errors of the backup, the disk and the lock leave everything as it was.
 */
#include "outbox/operate/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "outbox/file/db.h"
#include "outbox/file/files.h"
#include "outbox/file/lock.h"
#include "outbox/file/migrate.h"
#include "outbox/file/part.h"
#include "outbox/file/space.h"

#define ASIDE_MAX 100 /* databases set aside in one second */

struct restoring {
	const char *path;
	const char *backup;
	char part[RESTORE_PATH_SIZE]; /* the copy, until it is complete */
	bool has_present;
	struct stat present;
	int64_t last_id; /* the newest event of the backup */
	struct restore_report *report;
};

static int
name_after(char ret_name[RESTORE_PATH_SIZE], const char *path, const char *suffix, struct err *e)
{
	if (snprintf(ret_name, RESTORE_PATH_SIZE, "%s%s", path, suffix) >= RESTORE_PATH_SIZE)
		return err_set(
		    e, ERR_INPUT, "the path of the database is too long: use a shorter one");
	return 0;
}

/* The first free name with the time; a second restore in the same second gets a number, too. */
static int
name_aside(struct restoring *r, int64_t now, struct err *e)
{
	time_t seconds = (time_t)(now / 1000);
	char suffix[64], number[16] = "";
	struct stat st;
	struct tm utc;
	size_t n;

	gmtime_r(&seconds, &utc);
	n = strftime(suffix, sizeof(suffix), ".before-%Y%m%dT%H%M%SZ", &utc);
	for (int i = 2; i <= ASIDE_MAX; i++) {
		snprintf(suffix + n, sizeof(suffix) - n, "%s", number);
		if (name_after(r->report->aside, r->path, suffix, e) != 0)
			return -1;
		if (lstat(r->report->aside, &st) != 0)
			return errno == ENOENT ? 0
					       : err_sys(e, "cannot look for %s", r->report->aside);
		snprintf(number, sizeof(number), "-%d", i);
	}
	return err_set(e, ERR_INPUT, "%s exists: remove it", r->report->aside);
}

/* ---- the copy of the backup -------------------------------------------------------------------
 */

static int
copy_backup(struct restoring *r, struct err *e)
{
	int64_t version;
	struct db db;
	int rc;

	if (migrate_check_file(r->backup, e) != 0 || db_open(&db, r->backup, DB_READ, e) != 0)
		return -1;
	rc = db_exec_int(&db, "PRAGMA user_version", &version, e);
	if (rc == 0 && (version < 1 || version > SCHEMA_VERSION))
		rc = version < 1 ? db_not_ours(r->backup, e)
				 : migrate_check_version(&db, r->backup, e);
	if (rc == 0)
		rc = db_exec_int(&db, "SELECT max(event_id) FROM event", &r->last_id, e);
	if (rc == 0)
		rc = db_copy(&db, r->part, e);
	db_close(&db, NULL);
	return rc;
}

/* The whole copy is read, so a backup that is damaged anywhere is found. */
static int
check_copy(struct restoring *r, struct err *e)
{
	int64_t faults = 0;
	struct db db;
	int rc = db_open(&db, r->part, DB_READ, e);

	if (rc != 0)
		return -1;
	rc = db_exec_int(&db,
	    "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'", &faults,
	    e);
	if (rc == 0)
		rc = db_exec_int(&db, "SELECT count(*) FROM event", &r->report->events, e);
	db_close(&db, NULL);
	if (rc == 0 && faults != 0)
		return err_set(e, ERR_INPUT, "its content is damaged");
	return rc;
}

static int
dress_copy(const struct restoring *r, struct err *e)
{
	const struct stat *st = &r->present;

	if (!r->has_present)
		return 0;
	if (chown(r->part, st->st_uid, st->st_gid) != 0 || chmod(r->part, st->st_mode & 07777) != 0)
		return err_sys(e,
		    "cannot give the restored file the owner and the mode of %s: run this as root "
		    "or as the daemon's user",
		    r->path);
	return 0;
}

static int
prepare(struct restoring *r, struct err *e)
{
	int64_t bytes;

	unlink(r->part); /* of a restore that was killed; never anything but a copy */
	if (copy_backup(r, e) != 0 || check_copy(r, e) != 0) {
		unlink(r->part);
		return err_wrap(e, "%s cannot be restored, and nothing was changed", r->backup);
	}
	if (dress_copy(r, e) == 0 && part_sync(r->part, &bytes, e) == 0)
		return 0;
	unlink(r->part);
	return -1;
}

/* ---- the present database ---------------------------------------------------------------------
 */

/*
 * Moves what the write-ahead log has into the file, so that the file alone is the database, and
 * looks what is newer there than in the backup.
 */
static int
read_present(struct restoring *r, struct err *e)
{
	struct stmt_restore_newer_row row;
	struct db db;
	int pages, rc;

	if (migrate_check_file(r->path, e) != 0 || db_open(&db, r->path, DB_WRITE, e) != 0)
		return -1;
	rc = db_checkpoint(&db, true, &pages, e);
	if (rc == 0)
		rc = stmt_restore_newer(&db, r->last_id, &row, e) == 1 ? 0 : -1;
	db_close(&db, NULL);
	if (rc != 0)
		return -1;
	r->report->newer = row.events;
	r->report->first_id = row.first_id;
	r->report->last_id = row.last_id;
	r->report->first_at = row.first_at;
	r->report->last_at = row.last_at;
	return 0;
}

/* A write-ahead log goes with the database it belongs to; an empty one is nothing. */
static int
move_beside(const struct restoring *r, const char *suffix, struct err *e)
{
	char from[RESTORE_PATH_SIZE], to[RESTORE_PATH_SIZE];
	uint64_t size;

	if (name_after(from, r->path, suffix, e) != 0
	    || name_after(to, r->report->aside, suffix, e) != 0)
		return -1;
	size = space_size(from);
	if (size == UINT64_MAX)
		return 0;
	if (size == 0 ? unlink(from) != 0 : rename(from, to) != 0)
		return err_sys(e, "cannot move %s", from);
	return 0;
}

static int
exchange(const struct restoring *r, struct err *e)
{
	const char *aside = r->report->aside;

	if (!r->has_present)
		return rename(r->part, r->path) == 0 ? 0 : err_sys(e, "cannot rename %s", r->part);
	if (rename(r->part, aside) != 0)
		return err_sys(e, "cannot rename %s", r->part);
	if (renameat2(AT_FDCWD, aside, AT_FDCWD, r->path, RENAME_EXCHANGE) == 0)
		return 0;
	err_sys(e, "cannot exchange the names of %s and %s", aside, r->path);
	unlink(aside);
	return -1;
}

/*
 * The write-ahead log is empty by now, unless the database is damaged. A crash before it is moved
 * then leaves it beside the restored file, which migrate_check_file notices.
 */
static int
place(const struct restoring *r, struct err *e)
{
	if (exchange(r, e) != 0)
		return -1;
	if (files_sync_directory_of(r->path, e) == 0 && move_beside(r, "-wal", e) == 0
	    && move_beside(r, "-shm", e) == 0 && files_give_to_owner(r->path, e) == 0
	    && files_sync_directory_of(r->path, e) == 0)
		return 0;
	if (!r->has_present)
		return err_wrap(e, "%s is in place, but not safe yet", r->backup);
	return err_wrap(e, "%s is in place, and the former database is %s, but not safe yet",
	    r->backup, r->report->aside);
}

/* The file is set aside unless it certainly does not exist. */
static int
look_at_present(struct restoring *r, struct err *e)
{
	struct stat st;

	r->has_present = stat(r->path, &r->present) == 0;
	if (!r->has_present && errno != ENOENT)
		return err_sys(e, "cannot read the state of %s", r->path);
	if (r->has_present && stat(r->backup, &st) == 0 && st.st_ino == r->present.st_ino
	    && st.st_dev == r->present.st_dev)
		return err_set(e, ERR_INPUT, "%s is the database itself", r->backup);
	return 0;
}

static int
restore(struct restoring *r, int64_t now, struct err *e)
{
	struct err why;

	if (name_after(r->part, r->path, ".restoring", e) != 0 || name_aside(r, now, e) != 0)
		return -1;
	if (look_at_present(r, e) != 0 || prepare(r, e) != 0)
		return -1;
	r->report->unreadable = r->has_present && read_present(r, &why) != 0;
	if (place(r, e) != 0)
		return -1;
	if (!r->has_present)
		r->report->aside[0] = '\0';
	return 0;
}

int
outbox_restore(const char *path, const char *backup, int64_t now, struct restore_report *ret_report,
    struct err *e)
{
	struct restore_report report = { 0 };
	struct restoring r = { .path = path, .backup = backup, .report = &report };
	int fd, rc;

	if (space_check_folder(path, e) != 0 || lock_take(path, &fd, e) != 0)
		return -1;
	rc = restore(&r, now, e);
	lock_release(fd);
	if (rc == 0)
		*ret_report = report;
	return rc;
}
