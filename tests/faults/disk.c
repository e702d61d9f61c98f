/* The disk that remembers: the trace of the calls that change its files. */
#include "faults/disk_private.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FDS 1024
#define WAL_FRAME_HEAD 24

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char directory[PATH_MAX];
static bool recording;
struct disk_call *disk_calls;
size_t disk_n_calls;
static size_t cap_calls;
static int file_of_fd[FDS];
static int n_files;
static struct disk_directory live;
static bool commit_comes; /* the last call wrote the head of a commit's last frame */
static int fail_at, n_syncs;
static size_t failed_at; /* when the sync failed */

void
disk_must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

/* ---- names ----------------------------------------------------------------------------------- */

static size_t
find_name(const struct disk_directory *names, const char *name)
{
	size_t i = 0;

	while (i < names->n && strcmp(names->of[i].name, name) != 0)
		i++;
	return i;
}

int
disk_file_named(const struct disk_directory *names, const char *name)
{
	size_t i = find_name(names, name);

	return i < names->n ? names->of[i].file : NO_FILE;
}

static void
set_name(struct disk_directory *names, const char *name, int file)
{
	size_t i = find_name(names, name);

	disk_must(i < DISK_NAMES, "too many names");
	snprintf(names->of[i].name, DISK_NAME_SIZE, "%s", name);
	names->of[i].file = file;
	if (i == names->n)
		names->n++;
}

static void
remove_name(struct disk_directory *names, const char *name)
{
	size_t i = find_name(names, name);

	if (i < names->n)
		names->of[i] = names->of[--names->n];
}

void
disk_apply_names(struct disk_directory *names, const struct disk_call *call)
{
	int file = disk_file_named(names, call->from);

	if (call->op == DISK_CREATE)
		set_name(names, call->from, call->file);
	else if (call->op == DISK_UNLINK || call->op == DISK_RENAME)
		remove_name(names, call->from);
	if ((call->op == DISK_LINK || call->op == DISK_RENAME) && file != NO_FILE)
		set_name(names, call->to, file);
}

/* ---- recording ------------------------------------------------------------------------------- */

static struct disk_call *
add_call(enum disk_op op, int file)
{
	if (disk_n_calls == cap_calls) {
		cap_calls = cap_calls == 0 ? 1024 : cap_calls * 2;
		disk_calls = realloc(disk_calls, cap_calls * sizeof(*disk_calls));
		disk_must(disk_calls != NULL, "no memory for the trace");
	}
	disk_calls[disk_n_calls] = (struct disk_call){ .op = op, .file = file };
	return &disk_calls[disk_n_calls++];
}

/* Returns the name inside the directory that is watched, or NULL for any other file. */
static const char *
name_inside(const char *path)
{
	size_t n = strlen(directory), suffix;
	const char *name = path + n + 1;

	if (!recording || strncmp(path, directory, n) != 0 || path[n] != '/'
	    || strchr(name, '/') != NULL)
		return NULL;
	suffix = strlen(name);
	return suffix > 4 && strcmp(name + suffix - 4, "-shm") == 0 ? NULL : name;
}

void
disk_watch(const char *path)
{
	for (size_t i = 0; i < disk_n_calls; i++)
		free(disk_calls[i].p);
	disk_n_calls = 0;
	n_files = 0;
	live.n = 0;
	snprintf(directory, sizeof(directory), "%s", path);
	for (int i = 0; i < FDS; i++)
		file_of_fd[i] = NO_FILE;
	recording = true;
	disk_fail_sync(0);
}

void
disk_stop(void)
{
	recording = false;
}

void
disk_fail_sync(int nth)
{
	fail_at = nth;
	n_syncs = 0;
	failed_at = 0;
}

int
disk_syncs(void)
{
	return n_syncs;
}

size_t
disk_failed_at(void)
{
	return failed_at;
}

size_t
disk_now(void)
{
	size_t n;

	pthread_mutex_lock(&lock);
	n = disk_n_calls;
	pthread_mutex_unlock(&lock);
	return n;
}

void
disk_note_open(const char *path, int fd, bool created)
{
	const char *name;
	int file = NO_FILE;

	if (!recording || fd >= FDS)
		return;
	pthread_mutex_lock(&lock);
	name = name_inside(path);
	if (strcmp(path, directory) == 0)
		file = DIRECTORY;
	else if (name != NULL && !created)
		file = disk_file_named(&live, name);
	else if (name != NULL) {
		struct disk_call *call = add_call(DISK_CREATE, n_files);

		disk_must(n_files < DISK_FILES, "too many files");
		file = n_files++;
		snprintf(call->from, DISK_NAME_SIZE, "%s", name);
		disk_apply_names(&live, call);
	}
	file_of_fd[fd] = file;
	pthread_mutex_unlock(&lock);
}

void
disk_note_close(int fd)
{
	if (recording && fd >= 0 && fd < FDS)
		file_of_fd[fd] = NO_FILE;
}

static int
file_of(int fd)
{
	return recording && fd >= 0 && fd < FDS ? file_of_fd[fd] : NO_FILE;
}

/*
 * SQLite writes the head of a frame and its page by two calls. Bytes 4 to 7 of the head are not 0
 * in the last frame of a commit. A transaction that wrote a page twice writes the heads again at
 * its end, so the head alone may complete the commit.
 */
static bool
completes_commit(const unsigned char *p, size_t n)
{
	bool follows = commit_comes;

	commit_comes = n == WAL_FRAME_HEAD && (p[4] | p[5] | p[6] | p[7]) != 0;
	return follows || commit_comes;
}

void
disk_note_write(int fd, const void *p, size_t n, int64_t at)
{
	int file = file_of(fd);
	struct disk_call *call;

	if (file < 0)
		return;
	pthread_mutex_lock(&lock);
	call = add_call(DISK_WRITE, file);
	call->at = at >= 0 ? at : (int64_t)lseek(fd, 0, SEEK_CUR) - (int64_t)n;
	call->n = n;
	call->p = malloc(n);
	disk_must(call->p != NULL, "no memory for a write");
	memcpy(call->p, p, n);
	call->is_commit = completes_commit(p, n);
	pthread_mutex_unlock(&lock);
}

void
disk_note_truncate(int fd, int64_t size)
{
	int file = file_of(fd);

	if (file < 0)
		return;
	pthread_mutex_lock(&lock);
	add_call(DISK_TRUNCATE, file)->at = size;
	pthread_mutex_unlock(&lock);
}

static bool
is_names(enum disk_op op)
{
	return op == DISK_CREATE || op == DISK_LINK || op == DISK_RENAME || op == DISK_UNLINK;
}

/*
 * What the failing sync of this file should have written is lost. A directory's changes are not: a
 * file system that cannot write its journal confirms nothing any more.
 */
static void
lose(int file)
{
	for (size_t i = disk_n_calls; i-- > 0;) {
		if (disk_calls[i].file != file || is_names(disk_calls[i].op))
			continue;
		if (disk_calls[i].op == DISK_SYNC)
			break;
		disk_calls[i].lost = true;
	}
}

bool
disk_note_sync(int fd)
{
	int file = file_of(fd);
	bool fails;

	if (file == NO_FILE)
		return true;
	pthread_mutex_lock(&lock);
	fails = ++n_syncs == fail_at;
	if (fails) {
		lose(file);
		failed_at = disk_n_calls;
	} else {
		add_call(file == DIRECTORY ? DISK_SYNC_NAMES : DISK_SYNC, file);
	}
	pthread_mutex_unlock(&lock);
	return !fails;
}

void
disk_note_names(enum disk_op op, const char *from, const char *to)
{
	const char *old, *new = "";
	struct disk_call *call;

	pthread_mutex_lock(&lock);
	old = name_inside(from);
	if (op != DISK_UNLINK)
		new = name_inside(to);
	if (old != NULL && new != NULL) {
		call = add_call(op, NO_FILE);
		snprintf(call->from, DISK_NAME_SIZE, "%s", old);
		snprintf(call->to, DISK_NAME_SIZE, "%s", new);
		disk_apply_names(&live, call);
	}
	pthread_mutex_unlock(&lock);
}
