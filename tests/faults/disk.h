/*
 * A disk that remembers what was not synced. While it watches a directory it records every call of
 * this process that changes a file there or the directory itself, in order; the calls themselves
 * reach the real file system. Later the trace is replayed up to any call, and the files are made as
 * a power cut at that moment may leave them:
 *   - a file's synced content is there, and of each later write any sectors of 512 bytes, old or
 *     new, in any order;
 *   - a name that was made, moved or removed since the last sync of the directory may be either;
 *   - shared memory (-shm) is gone.
 * The process has one such disk. Recording is for any thread, replaying for one.
 */
#ifndef FAULTS_DISK_H
#define FAULTS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_SECTOR 512

/* Forgets the trace, and records what happens in this directory, which is empty. */
void disk_watch(const char *directory);
void disk_stop(void);
/*
 * The nth (from 1) sync from now on fails with EIO; 0: none. What it should have written is never
 * on the disk, as after a failed fsync on Linux, and later syncs succeed.
 */
void disk_fail_sync(int nth);
/* Returns the number of syncs since disk_fail_sync. */
int disk_syncs(void);
/* Returns the moment at which the sync failed. */
size_t disk_failed_at(void);
/* Returns the number of recorded calls so far: a moment in the trace. */
size_t disk_now(void);

/* ---- replaying ------------------------------------------------------------------------------- */

enum disk_op {
	DISK_WRITE,
	DISK_TRUNCATE,
	DISK_SYNC,
	DISK_CREATE,
	DISK_LINK,
	DISK_RENAME,
	DISK_UNLINK,
	DISK_SYNC_NAMES
};

/* What a power cut leaves of the writes that were not synced. "Last" is the last call before it. */
enum disk_data {
	DISK_LOST,         /* none */
	DISK_KEPT,         /* all */
	DISK_SIZES,        /* none, but files have their new sizes: zeros stand in new places */
	DISK_TORN,         /* all, and of the last one the first n sectors */
	DISK_TORN_TAIL,    /* all, and of the last one all but the first n sectors */
	DISK_LAST_ONLY,    /* the last one only */
	DISK_WITHOUT,      /* all but the nth */
	DISK_SOME_WRITES,  /* each whole write by chance */
	DISK_SOME_SECTORS, /* each sector by chance */
};

/* And of the names that were changed. */
enum disk_names { DISK_NAMES_KEPT, DISK_NAMES_LOST, DISK_NAMES_WITHOUT, DISK_NAMES_ONLY };

struct disk_cut {
	enum disk_data data;
	size_t n; /* for TORN, TORN_TAIL and WITHOUT */
	enum disk_names names;
	size_t name;   /* for NAMES_WITHOUT and NAMES_ONLY: the nth change */
	uint64_t seed; /* of what is left to chance */
};

/* What there is to lose at the present moment of a replay. */
struct disk_state {
	size_t now;      /* the number of calls replayed */
	enum disk_op op; /* of the last one */
	size_t writes;   /* writes and truncations that were not synced, */
	size_t names;    /* changes of names that were not synced, */
	size_t sectors;  /* and the sectors that the last call wrote, when it was a write */
	bool is_commit;  /* the last call may have completed a commit in the write-ahead log */
};

void disk_replay_begin(void);
/* Replays one call; returns false at the end of the trace. */
bool disk_replay_next(struct disk_state *ret_state);
/* Makes the files in an existing, empty directory. */
void disk_make(const struct disk_cut *cut, const char *directory);
void disk_replay_end(void);

/* ---- for disk_calls.c, which takes the calls of the process ------------------------------------
 */

void disk_note_open(const char *path, int fd, bool created);
void disk_note_close(int fd);
void disk_note_write(int fd, const void *p, size_t n, int64_t at);
void disk_note_truncate(int fd, int64_t size);
/* Returns false when the sync must fail instead. */
bool disk_note_sync(int fd);
void disk_note_names(enum disk_op op, const char *from, const char *to);

#endif
