/*
 * Checks the directory of the database: whether it is writable, on a local disk and really synced,
 * and has space. It measures syncing with a temporary file, whose name is removed before it is
 * written.
 */
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
#include "outbox/outbox.h"

#define FOLDER_MAX 4096
#define SYNCS 15
#define SYNC_BYTES 8192
#define SYNC_MIN_US 30        /* the fastest disks with a protected cache take about this long */
#define LITTLE_BYTES 16000000 /* warn below this much free space, even when min_free is lower */
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

/* ---- the directory --------------------------------------------------------------------------- */

static bool
check_folder(struct doctor *d, const char *folder)
{
	struct stat st;
	bool there = stat(folder, &st) == 0;

	if (!there && errno != ENOENT && errno != ENOTDIR) {
		doctor_report(d, DOCTOR_PROBLEM, "directory",
		    errno == EACCES ? "run doctor as root, or as the user that runs the daemon"
				    : "look at the disk and the kernel's log",
		    "cannot look at the database's directory %s: %s", folder, strerror(errno));
		return false;
	}
	if (!there || !S_ISDIR(st.st_mode)) {
		doctor_report(d, DOCTOR_PROBLEM, "directory",
		    "create it, owned by the user that runs the daemon, with mode 0750",
		    "the database's directory %s does not exist or is not a directory", folder);
		return false;
	}
	if (access(folder, W_OK | X_OK) != 0) {
		doctor_report(d, DOCTOR_PROBLEM, "directory",
		    errno == EROFS
			? "look at the kernel's log, check the file system, and mount it "
			  "for writing again"
			: "run doctor as the user that runs the daemon, and make that "
			  "user the owner of the directory",
		    "this user cannot write to %s: %s", folder, strerror(errno));
		return false;
	}
	if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
		doctor_report(d, DOCTOR_WARNING, "directory", "run chmod o-w on it",
		    "every user can replace files in %s", folder);
	else
		doctor_report(d, DOCTOR_OK, "directory", NULL, "%s is writable", folder);
	return true;
}

/* Returns whether the directory is on a disk, where the speed of a sync matters. */
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
		doctor_report(d, DOCTOR_PROBLEM, "file system",
		    "put the database on a disk of this machine",
		    "%s is on another machine, or on FUSE: the write-ahead log does not work there",
		    folder);
		return true;
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
		doctor_report(d, DOCTOR_WARNING, "file system",
		    "put the database on a disk, unless this is a test",
		    "%s is in memory: a restart of the machine loses every event", folder);
		return false;
	case OVERLAYFS_SUPER_MAGIC:
		doctor_report(d, DOCTOR_WARNING, "file system",
		    "mount a volume for the database's directory",
		    "%s is in a container's own layer: it is deleted with the container", folder);
		return true;
	default:
		doctor_report(d, DOCTOR_OK, "file system", NULL, "local");
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

/* Times one write and its sync, in microseconds; a negative errno on failure. */
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

/* The median of SYNCS syncs, in microseconds; a negative errno on failure. */
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
		doctor_report(d, DOCTOR_PROBLEM, "syncing", "free space on its file system",
		    "cannot write to %s: %s", folder, strerror((int)-us));
	else if (us < 0)
		doctor_report(d, DOCTOR_PROBLEM, "syncing",
		    "check the disk and the kernel's log: no event can be accepted until then",
		    "cannot write and sync a file in %s: %s", folder, strerror((int)-us));
	else if (on_disk && !doctor_sync_is_plausible(us))
		doctor_report(d, DOCTOR_WARNING, "syncing",
		    "turn off write caches without power protection, and eatmydata and the like",
		    "a sync takes %" PRId64
		    " us: no disk is that fast, so the data does not reach it",
		    us);
	else
		doctor_report(d, DOCTOR_OK, "syncing", NULL,
		    "a sync takes %" PRId64 ".%02" PRId64 " ms, so up to %" PRId64
		    " commits a second",
		    us / 1000, us % 1000 / 10, us > 0 ? 1000000 / us : 1000000);
}

/* ---- space ----------------------------------------------------------------------------------- */

#define MORE_SPACE                                                                                 \
	"free space on its file system, shorten the retention settings and run bentospool "        \
	"purge, or move the database to a larger disk"

static void
check_space(struct doctor *d, const char *folder)
{
	struct statvfs fs;
	int64_t free_bytes;

	if (statvfs(folder, &fs) != 0)
		return;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (free_bytes < OUTBOX_RESERVE)
		doctor_report(d, DOCTOR_PROBLEM, "disk", MORE_SPACE,
		    "%" PRId64 " MB free: new events are refused, and deliveries wait",
		    free_bytes / 1000000);
	else if (free_bytes < d->config->min_free)
		doctor_report(d, DOCTOR_PROBLEM, "disk", MORE_SPACE ", or lower min_free",
		    "%" PRId64 " MB free, less than min_free: new events are refused",
		    free_bytes / 1000000);
	else if (fs.f_files > 0 && fs.f_favail < 100)
		doctor_report(d, DOCTOR_PROBLEM, "disk", "remove files",
		    "almost no new file can be created: the inodes are used up");
	else if (free_bytes < LITTLE_BYTES || free_bytes < 4 * d->config->min_free)
		doctor_report(d, DOCTOR_WARNING, "disk",
		    "free space, or lower the retention settings", "%" PRId64 " MB free",
		    free_bytes / 1000000);
	else
		doctor_report(
		    d, DOCTOR_OK, "disk", NULL, "%" PRId64 " MB free", free_bytes / 1000000);
}

bool
doctor_disk(struct doctor *d)
{
	char folder[FOLDER_MAX];

	folder_of(d->config->database, folder);
	if (!check_folder(d, folder))
		return false;
	check_sync(d, folder, check_file_system(d, folder));
	check_space(d, folder);
	return true;
}
