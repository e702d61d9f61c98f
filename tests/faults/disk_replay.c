/* What a power cut leaves at each moment of the trace. */
#include "faults/disk_private.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The list of positions in the trace. */
struct list {
	size_t *of;
	size_t n, cap;
};

static struct {
	size_t now;
	struct { /* what is on the disk for sure */
		unsigned char *p;
		size_t n, cap;
	} file[DISK_FILES];
	struct disk_directory names;
	struct list writes, changes; /* what is not synced */
} replay;

static void
list_add(struct list *list, size_t i)
{
	if (list->n == list->cap) {
		list->cap = list->cap == 0 ? 256 : list->cap * 2;
		list->of = realloc(list->of, list->cap * sizeof(*list->of));
		disk_must(list->of != NULL, "no memory for a replay");
	}
	list->of[list->n++] = i;
}

void
disk_replay_begin(void)
{
	memset(&replay, 0, sizeof(replay));
}

void
disk_replay_end(void)
{
	for (int i = 0; i < DISK_FILES; i++)
		free(replay.file[i].p);
	free(replay.writes.of);
	free(replay.changes.of);
}

static void
resize(int file, size_t n)
{
	if (n > replay.file[file].cap) {
		replay.file[file].cap = n * 2;
		replay.file[file].p = realloc(replay.file[file].p, n * 2);
		disk_must(replay.file[file].p != NULL, "no memory for a file");
	}
	if (n > replay.file[file].n)
		memset(replay.file[file].p + replay.file[file].n, 0, n - replay.file[file].n);
	replay.file[file].n = n;
}

static void
make_durable(const struct disk_call *call)
{
	size_t end = (size_t)call->at + call->n;

	if (call->lost)
		return;
	if (call->op == DISK_TRUNCATE) {
		resize(call->file, (size_t)call->at);
		return;
	}
	if (end > replay.file[call->file].n)
		resize(call->file, end);
	memcpy(replay.file[call->file].p + call->at, call->p, call->n);
}

static void
sync_writes(int file)
{
	size_t left = 0;

	for (size_t i = 0; i < replay.writes.n; i++) {
		size_t at = replay.writes.of[i];

		if (disk_calls[at].file == file)
			make_durable(&disk_calls[at]);
		else
			replay.writes.of[left++] = at;
	}
	replay.writes.n = left;
}

static void
sync_names(void)
{
	for (size_t i = 0; i < replay.changes.n; i++)
		disk_apply_names(&replay.names, &disk_calls[replay.changes.of[i]]);
	replay.changes.n = 0;
}

static size_t
sectors_of(const struct disk_call *call)
{
	if (call->op != DISK_WRITE)
		return 0;
	return ((size_t)call->at + call->n - 1) / DISK_SECTOR - (size_t)call->at / DISK_SECTOR + 1;
}

bool
disk_replay_next(struct disk_state *ret_state)
{
	struct disk_call *call = &disk_calls[replay.now];

	if (replay.now == disk_n_calls)
		return false;
	if (call->op == DISK_WRITE || call->op == DISK_TRUNCATE)
		list_add(&replay.writes, replay.now);
	else if (call->op == DISK_SYNC)
		sync_writes(call->file);
	else if (call->op == DISK_SYNC_NAMES)
		sync_names();
	else
		list_add(&replay.changes, replay.now);
	replay.now++;
	*ret_state = (struct disk_state){
		.now = replay.now,
		.op = call->op,
		.writes = replay.writes.n,
		.names = replay.changes.n,
		.sectors = sectors_of(call),
		.is_commit = call->is_commit,
	};
	return true;
}

/* ---- what a power cut leaves ----------------------------------------------------------------- */

static bool
chance(uint64_t seed, uint64_t a, uint64_t b)
{
	uint64_t x = seed + a * UINT64_C(0x9e3779b97f4a7c15) + b * UINT64_C(0xd1b54a32d192ed03);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return ((x ^ (x >> 31)) & 1) != 0;
}

/* Whether this sector of the nth write that was not synced is new. */
static bool
keeps(const struct disk_cut *cut, size_t nth, size_t sector)
{
	bool last = nth + 1 == replay.writes.n;

	switch (cut->data) {
	case DISK_LOST:
	case DISK_SIZES:
		return false;
	case DISK_KEPT:
		return true;
	case DISK_TORN:
		return !last || sector < cut->n;
	case DISK_TORN_TAIL:
		return !last || sector >= cut->n;
	case DISK_LAST_ONLY:
		return last;
	case DISK_WITHOUT:
		return nth != cut->n;
	case DISK_SOME_WRITES:
		return chance(cut->seed, nth, 0);
	case DISK_SOME_SECTORS:
		return chance(cut->seed, nth, sector);
	}
	return true;
}

static void
put(int fd, const unsigned char *p, size_t n, size_t at)
{
	disk_must(pwrite(fd, p, n, (off_t)at) == (ssize_t)n, "cannot write a file of a replay");
}

/* Writes the sectors that survive, neighbors by one call. */
static void
put_sectors(int fd, const struct disk_call *call, const struct disk_cut *cut, size_t nth)
{
	size_t from = (size_t)call->at, end = from + call->n, at = from;

	for (size_t sector = 0; at < end; sector++) {
		size_t next = (at / DISK_SECTOR + 1) * DISK_SECTOR;

		next = next < end ? next : end;
		if (!keeps(cut, nth, sector)) {
			if (at > from)
				put(fd, call->p + (from - (size_t)call->at), at - from, from);
			from = next;
		}
		at = next;
	}
	if (at > from)
		put(fd, call->p + (from - (size_t)call->at), at - from, from);
}

static void
make_file(const struct disk_cut *cut, const char *path, int file)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	size_t size = replay.file[file].n;

	disk_must(fd >= 0, path);
	if (size > 0)
		put(fd, replay.file[file].p, size, 0);
	for (size_t i = 0; i < replay.writes.n; i++) {
		const struct disk_call *call = &disk_calls[replay.writes.of[i]];

		if (call->file != file || call->lost)
			continue;
		if (call->op == DISK_WRITE)
			put_sectors(fd, call, cut, i);
		else if (keeps(cut, i, 0))
			disk_must(ftruncate(fd, call->at) == 0, path);
		if (call->op == DISK_WRITE && (size_t)call->at + call->n > size)
			size = (size_t)call->at + call->n;
	}
	if (cut->data == DISK_SIZES)
		disk_must(ftruncate(fd, (off_t)size) == 0, path);
	close(fd);
}

static bool
keeps_name(const struct disk_cut *cut, size_t nth)
{
	return cut->names == DISK_NAMES_KEPT
	       || (cut->names == DISK_NAMES_WITHOUT && nth != cut->name)
	       || (cut->names == DISK_NAMES_ONLY && nth == cut->name);
}

void
disk_make(const struct disk_cut *cut, const char *to)
{
	struct disk_directory names = replay.names;
	char path[PATH_MAX + DISK_NAME_SIZE];

	for (size_t i = 0; i < replay.changes.n; i++)
		if (keeps_name(cut, i))
			disk_apply_names(&names, &disk_calls[replay.changes.of[i]]);
	for (size_t i = 0; i < names.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", to, names.of[i].name);
		make_file(cut, path, names.of[i].file);
	}
}
