/*
 * Reads the mount of a directory from /proc, times syncs of small appends, and says which of what
 * it found is known to break the promise of a sync. No test without a power cut can prove that
 * promise.
 */
#include "cli/run/torture_disk.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"

#define SYNC_BYTES 4096
#define SYNCS_MIN 20
#define SYNCS_MAX 10000
#define PATH_SIZE 4096
#define SENTENCE_SIZE 512

/* ---- the file system ------------------------------------------------------------------------- */

/* Returns the id of the mount of an open file; -1: unknown. */
static int
mount_of(int fd)
{
	char path[64], line[128];
	int id = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	if (f == NULL)
		return -1;
	while (id < 0 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "mnt_id:", 7) == 0)
			id = (int)strtol(line + 7, NULL, 10);
	fclose(f);
	return id;
}

/* Reads a line of mountinfo: see proc(5). Returns whether it is the mount with this id. */
static bool
read_mount(const char *line, int id, struct torture_file_system *fs)
{
	const char *rest = strstr(line, " - ");
	char own[200], of_super[300];

	if (rest == NULL || strtol(line, NULL, 10) != id
	    || sscanf(line, "%*s %*s %*s %*s %*s %199s", own) != 1
	    || sscanf(rest, " - %63s %255s %299s", fs->type, fs->source, of_super) != 3)
		return false;
	snprintf(fs->options, sizeof(fs->options), "%s,%s", own, of_super);
	return true;
}

void
torture_file_system(const char *directory, struct torture_file_system *ret)
{
	const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int id = fd < 0 ? -1 : mount_of(fd);
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (fd >= 0)
		close(fd);
	while (f != NULL && !found && getline(&line, &size, f) > 0)
		found = read_mount(line, id, ret);
	free(line);
	if (f != NULL)
		fclose(f);
	if (!found)
		*ret = (struct torture_file_system){ .type = "unknown" };
}

bool
torture_is_in_memory(const struct torture_file_system *fs)
{
	return strcmp(fs->type, "tmpfs") == 0 || strcmp(fs->type, "ramfs") == 0;
}

/* ---- syncs ----------------------------------------------------------------------------------- */

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
sync_once(int fd, const char *directory, int64_t *ret_us, struct err *e)
{
	static const char block[SYNC_BYTES] = { 1 };
	const int64_t before = now_us();
	const ssize_t wrote = write(fd, block, sizeof(block));

	if (wrote < 0)
		return err_sys(e, "cannot write in %s", directory);
	if (wrote != (ssize_t)sizeof(block))
		return err_set(e, ERR_FULL, "%s is full", directory);
	if (fdatasync(fd) != 0)
		return err_sys(e, "cannot sync a file in %s", directory);
	*ret_us = now_us() - before;
	return 0;
}

static void
summarize(int64_t *us, size_t n, struct torture_syncs *ret)
{
	*ret = (struct torture_syncs){ .n = (int64_t)n };
	if (n == 0)
		return;
	qsort(us, n, sizeof(*us), compare);
	ret->median_us = us[n / 2];
	ret->p99_us = us[n * 99 / 100];
	ret->longest_us = us[n - 1];
}

bool
torture_is_stopped(int stop_fd)
{
	struct pollfd fd = { .fd = stop_fd, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

int
torture_measure_syncs(
    const char *directory, int64_t ms, int stop_fd, struct torture_syncs *ret, struct err *e)
{
	const int64_t end = now_us() + ms * 1000;
	static int64_t us[SYNCS_MAX];
	char path[PATH_SIZE];
	size_t n = 0;
	int fd, rc = 0;

	snprintf(path, sizeof(path), "%s/sync-XXXXXX", directory);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot create a file in %s", directory);
	unlink(path);
	while (n < SYNCS_MAX && (n < SYNCS_MIN || now_us() < end) && !torture_is_stopped(stop_fd)) {
		rc = sync_once(fd, directory, &us[n], e);
		if (rc != 0)
			break;
		n++;
	}
	close(fd);
	if (rc == 0)
		summarize(us, n, ret);
	return rc;
}

/* ---- doubts ---------------------------------------------------------------------------------- */

static bool
has_option(const struct torture_file_system *fs, const char *option)
{
	const size_t n = strlen(option);

	for (const char *p = fs->options; p != NULL; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, option, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	}
	return false;
}

static const struct doubtful_option {
	const char *option;
	const char *what;
} doubtful_options[] = {
	{ "nobarrier", "synced data may still be in the cache of the disk" },
	{ "barrier=0", "synced data may still be in the cache of the disk" },
	{ "fsync_mode=nobarrier", "synced data may still be in the cache of the disk" },
	{ "data=writeback", "a file may have old content of the disk where it was not synced" },
};

static const struct doubtful_type {
	const char *type; /* the beginning of the name */
	const char *what;
} doubtful_types[] = {
	{ "overlay",
	    "this is the own layer of a container, and is deleted with it: mount a volume" },
	{ "fuse", "a program stands for the file system, and decides what a sync does" },
	{ "nfs", "the file system is on another machine, which decides what a sync does" },
	{ "cifs", "the file system is on another machine, which decides what a sync does" },
	{ "smb", "the file system is on another machine, which decides what a sync does" },
	{ "9p", "the file system is on another machine, which decides what a sync does" },
	{ "ceph", "the file system is on other machines, which decide what a sync does" },
	{ "virtiofs", "the file system is on another machine, which decides what a sync does" },
};

void
torture_doubts(const struct torture_file_system *fs, const struct torture_syncs *syncs,
    void (*each)(void *arg, const char *sentence), void *arg)
{
	char sentence[SENTENCE_SIZE];

	for (size_t i = 0; i < sizeof(doubtful_options) / sizeof(*doubtful_options); i++) {
		const struct doubtful_option *d = &doubtful_options[i];

		if (!has_option(fs, d->option))
			continue;
		snprintf(sentence, sizeof(sentence),
		    "It is mounted with %s: after a power cut, %s.", d->option, d->what);
		each(arg, sentence);
	}
	for (size_t i = 0; i < sizeof(doubtful_types) / sizeof(*doubtful_types); i++) {
		const struct doubtful_type *d = &doubtful_types[i];

		if (strncmp(fs->type, d->type, strlen(d->type)) != 0)
			continue;
		snprintf(sentence, sizeof(sentence), "Its type is %s: %s.", fs->type, d->what);
		each(arg, sentence);
	}
	if (syncs->n == 0 || torture_is_in_memory(fs) || doctor_sync_is_plausible(syncs->median_us))
		return;
	snprintf(sentence, sizeof(sentence),
	    "A sync takes %lld us, and no disk is that fast. Either a cache with a battery holds "
	    "the "
	    "data, or something ignores syncs (eatmydata, or a virtual disk with an unsafe cache): "
	    "then a power cut loses acknowledged events.",
	    (long long)syncs->median_us);
	each(arg, sentence);
}
