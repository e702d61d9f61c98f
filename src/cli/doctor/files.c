#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "config/secret.h"
#include "outbox/outbox.h"
#include "outbox/read/sql.h"

#define FOLDER_MAX 4096
#define SYNCS 15
#define SYNC_BYTES 8192
#define SYNC_MIN_US 30 /* the quickest disks with a cache that survives need about so long */
#define CHECK_MS 20000
#define LITTLE_BYTES 16000000 /* free, whatever min_free is */
/* A longer log only a reader in the way explains. */
#define WAL_MAX (2 * (int64_t)OUTBOX_WAL_CUT)
#define CIFS_MAGIC 0xff534d42
#define SMB2_MAGIC 0xfe534d42

static void
folder_of(const char *path, char folder[FOLDER_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);

	if (slash == NULL)
		snprintf(folder, FOLDER_MAX, ".");
	else
		snprintf(folder, FOLDER_MAX, "%.*s", n == 0 ? 1 : (int)n, path);
}

/* ---- the folder ------------------------------------------------------------------------------ */

static bool
check_folder(struct doctor *d, const char *folder)
{
	struct stat st;

	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
		doctor_tell(d, DOCTOR_PROBLEM, "folder",
		    "make it, owned by the user that runs the daemon, with mode 0750",
		    "%s of the database is no folder that is there", folder);
		return false;
	}
	if (access(folder, W_OK | X_OK) != 0) {
		doctor_tell(d, DOCTOR_PROBLEM, "folder",
		    "run doctor as the user that runs the daemon, and give the folder to that user",
		    "%s cannot be written by this user: %s", folder, strerror(errno));
		return false;
	}
	if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
		doctor_tell(d, DOCTOR_WARNING, "folder", "chmod o-w it",
		    "everybody may replace files in %s", folder);
	else
		doctor_tell(d, DOCTOR_OK, "folder", NULL, "%s can be written", folder);
	return true;
}

/* Whether what is synced there is on a disk. */
static bool
check_file_system(struct doctor *d, const char *folder)
{
	struct statfs fs;

	if (statfs(folder, &fs) != 0)
		return true;
	switch ((unsigned long)fs.f_type) {
	case NFS_SUPER_MAGIC:
	case CIFS_MAGIC:
	case SMB2_MAGIC:
	case V9FS_MAGIC:
	case FUSE_SUPER_MAGIC:
		doctor_tell(d, DOCTOR_PROBLEM, "file system",
		    "put the database on a disk of this machine",
		    "%s lies on another machine, or on FUSE: the write-ahead log does not work "
		    "there",
		    folder);
		return true;
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
		doctor_tell(d, DOCTOR_WARNING, "file system",
		    "put the database on a disk, unless this is a test",
		    "%s lies in memory: a restart of the machine loses every event", folder);
		return false;
	case OVERLAYFS_SUPER_MAGIC:
		doctor_tell(d, DOCTOR_WARNING, "file system",
		    "mount a volume for the database's folder",
		    "%s lies in a container's own layer: it goes with the container", folder);
		return true;
	default:
		doctor_tell(d, DOCTOR_OK, "file system", NULL, "a local one");
		return true;
	}
}

/* ---- syncing --------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* One write with its sync, in microseconds; below 0: an errno. */
static int64_t
sync_once(int fd)
{
	static const char block[SYNC_BYTES] = { 1 };
	int64_t before = now_us();
	ssize_t wrote = write(fd, block, sizeof(block));

	if (wrote != (ssize_t)sizeof(block))
		return wrote < 0 ? -errno : -ENOSPC;
	return fdatasync(fd) == 0 ? now_us() - before : -errno;
}

/* The middle one of some; below 0: an errno. */
static int64_t
measure_sync(const char *folder)
{
	char path[FOLDER_MAX + 32];
	int64_t us[SYNCS];
	int fd, i;

	snprintf(path, sizeof(path), "%s/.bentospool-doctor-XXXXXX", folder);
	fd = mkstemp(path);
	if (fd < 0)
		return -errno;
	unlink(path);
	for (i = 0; i < SYNCS; i++) {
		us[i] = sync_once(fd);
		if (us[i] < 0)
			break;
	}
	close(fd);
	if (i < SYNCS)
		return us[i];
	qsort(us, SYNCS, sizeof(us[0]), compare);
	return us[SYNCS / 2];
}

bool
doctor_sync_is_plausible(int64_t median_us)
{
	return median_us >= SYNC_MIN_US;
}

static void
check_sync(struct doctor *d, const char *folder, bool on_disk)
{
	int64_t us = measure_sync(folder);

	if (us == -ENOSPC || us == -EDQUOT)
		doctor_tell(d, DOCTOR_PROBLEM, "syncing", "free some on its file system",
		    "nothing more can be written in %s: %s", folder, strerror((int)-us));
	else if (us < 0)
		doctor_tell(d, DOCTOR_PROBLEM, "syncing",
		    "look at the disk and the kernel's log: nothing can be accepted like that",
		    "a file in %s could not be written and synced: %s", folder, strerror((int)-us));
	else if (on_disk && !doctor_sync_is_plausible(us))
		doctor_tell(d, DOCTOR_WARNING, "syncing",
		    "switch off write caching that does not survive a power cut, or eatmydata and "
		    "its like",
		    "a sync takes %" PRId64 " us: no disk is that quick, so it is not really done",
		    us);
	else
		doctor_tell(d, DOCTOR_OK, "syncing", NULL,
		    "a sync takes %" PRId64 ".%02" PRId64 " ms, so up to %" PRId64
		    " commits a second",
		    us / 1000, us % 1000 / 10, us > 0 ? 1000000 / us : 1000000);
}

/* ---- modes, space ---------------------------------------------------------------------------- */

static void
check_mode(struct doctor *d, const char *what, const char *path)
{
	if (path[0] == '\0' || !secret_is_exposed(path))
		return;
	doctor_tell(d, DOCTOR_WARNING, what, "chmod go-rwx it", "%s can be read by others", path);
}

static bool
holds_a_secret(const struct config *c)
{
	for (size_t i = 0; i < c->n_sites; i++)
		if (c->sites[i].secret_key_file[0] == '\0')
			return true;
	return false;
}

/* The files of secrets themselves are not read at all when others can read them. */
static void
check_modes(struct doctor *d)
{
	const struct config *c = d->config;
	struct stat st;

	if (holds_a_secret(c))
		check_mode(d, "secrets", c->file);
	if (stat(c->database, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		doctor_tell(d, DOCTOR_WARNING, "secrets", "chmod o-rwx it",
		    "%s, which holds addresses, can be read by everybody", c->database);
}

static void
check_space(struct doctor *d, const char *folder)
{
	struct statvfs fs;
	int64_t free_bytes;

	if (statvfs(folder, &fs) != 0)
		return;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (free_bytes < d->config->min_free)
		doctor_tell(d, DOCTOR_PROBLEM, "disk", "make room, or lower min_free",
		    "%" PRId64 " MB are free, below min_free: new events are refused",
		    free_bytes / 1000000);
	else if (fs.f_files > 0 && fs.f_favail < 100)
		doctor_tell(d, DOCTOR_PROBLEM, "disk", "remove files",
		    "hardly any file can be made any more: the inodes are used up");
	else if (free_bytes < LITTLE_BYTES || free_bytes < 4 * d->config->min_free)
		doctor_tell(d, DOCTOR_WARNING, "disk", "make room, or have retention keep less",
		    "%" PRId64 " MB are free", free_bytes / 1000000);
	else
		doctor_tell(
		    d, DOCTOR_OK, "disk", NULL, "%" PRId64 " MB are free", free_bytes / 1000000);
}

/* ---- the file -------------------------------------------------------------------------------- */

static int64_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static void
check_size(struct doctor *d)
{
	char wal[FOLDER_MAX + 8];
	int64_t bytes = size_of(d->config->database), wal_bytes;

	snprintf(wal, sizeof(wal), "%s-wal", d->config->database);
	wal_bytes = size_of(wal);
	if (wal_bytes > WAL_MAX)
		doctor_tell(d, DOCTOR_WARNING, "size",
		    "end the program that left a transaction open (lsof or fuser on the database "
		    "shows who has it open); the daemon cuts the log then",
		    "the write-ahead log has %" PRId64
		    " MB, for a reader keeps it from being cut at %d MB",
		    wal_bytes / 1000000, OUTBOX_WAL_CUT / 1000000);
	else if (bytes > 0)
		doctor_tell(d, DOCTOR_OK, "size", NULL,
		    "the database has %" PRId64 ".%" PRId64 " MB, its write-ahead log %" PRId64
		    ".%" PRId64 " MB",
		    bytes / 1000000, bytes / 100000 % 10, wal_bytes / 1000000,
		    wal_bytes / 100000 % 10);
}

struct verdict_of_check {
	char text[120];
};

static int
take_names(void *arg, const char *const *names, size_t n, struct err *e)
{
	(void)arg;
	(void)names;
	(void)n;
	(void)e;
	return 0;
}

static int
take_verdict(void *arg, const struct query_value *values, size_t n, struct err *e)
{
	struct verdict_of_check *v = arg;

	(void)e;
	if (n > 0 && v->text[0] == '\0')
		snprintf(v->text, sizeof(v->text), "%.*s", (int)values[0].bytes.n,
		    values[0].bytes.n > 0 ? values[0].bytes.p : "");
	return 0;
}

static void
check_database(struct doctor *d)
{
	struct verdict_of_check v = { "" };
	const struct query_sink sink = { take_names, take_verdict, &v };
	struct outbox_audit *audit;
	struct err e;
	int rc;

	if (access(d->config->database, F_OK) != 0) {
		doctor_tell(d, DOCTOR_OK, "database", NULL, "not there yet: serve makes it");
		return;
	}
	if (outbox_audit_open(d->config->database, &audit, &e) != 0) {
		doctor_tell(
		    d, DOCTOR_PROBLEM, "database", "name another file with database", "%s", e.text);
		return;
	}
	rc = outbox_query(audit, "PRAGMA quick_check(1)", CHECK_MS, &sink, &e);
	outbox_audit_close(audit);
	if (rc != 0 && e.code == ERR_LIMIT)
		doctor_tell(d, DOCTOR_NOTE, "database",
		    "run PRAGMA quick_check on a copy that bentospool backup makes",
		    "too large to be looked through in %d s", CHECK_MS / 1000);
	else if (rc != 0 || strcmp(v.text, "ok") != 0)
		doctor_tell(d, DOCTOR_PROBLEM, "database",
		    "stop the daemon, keep the file, and go on with a backup or a new one; adopt "
		    "takes what can be read",
		    "it is damaged: %s", rc != 0 ? e.text : v.text);
	else
		doctor_tell(d, DOCTOR_OK, "database", NULL, "%s is sound", d->config->database);
}

void
doctor_files(struct doctor *d)
{
	char folder[FOLDER_MAX];

	folder_of(d->config->database, folder);
	if (!check_folder(d, folder))
		return;
	check_sync(d, folder, check_file_system(d, folder));
	check_space(d, folder);
	check_modes(d);
	check_size(d);
	check_database(d);
}
