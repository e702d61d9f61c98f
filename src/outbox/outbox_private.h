/* The outbox's state, and the thread that owns each part of it. */
#ifndef OUTBOX_OUTBOX_PRIVATE_H
#define OUTBOX_OUTBOX_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/rand.h"
#include "outbox/dedup/dedup.h"
#include "outbox/file/db.h"
#include "outbox/file/files.h"
#include "outbox/meters.h"
#include "outbox/outbox.h"
#include "outbox/tally.h"
#include "outbox/write/store.h"
#include "outbox/write/unresolved.h"

struct outbox {
	/* Set by outbox_open, then only read. */
	struct outbox_options options;
	char *path;

	/* Owned by the main thread before outbox_start and after outbox_stop, by the writer in
	 * between. */
	int lock_fd;
	struct db db;
	struct files files;
	struct dedup dedup;
	struct rand rand;
	struct unresolved unresolved;
	struct store store;
	int wal_pages;      /* the WAL has at most this many pages */
	int checkpoint_at;  /* number of pages at which the next checkpoint is tried */
	int wal_commits;    /* commits since the last checkpoint */
	int64_t full_until; /* mono ms: no event is stored before; 0: no limit */
	struct outbox_unresolved resolve; /* the writer's message to itself for the next step */
	bool resolve_sent;                /* resolve is in the mailbox */
	struct err stop_error;            /* error of the last checkpoint */
	int stop_rc;

	/* Owned by the main thread. */
	pthread_t thread;
	bool running;

	/* For any thread. */
	struct mailbox box;
	_Atomic int health;         /* enum outbox_health; OUTBOX_FAILED is never left */
	_Atomic int64_t busy_since; /* mono ms of the start of the write in progress; 0: idle */
	_Atomic bool wal_is_full;   /* OUTBOX_FULL concerns the WAL, not the disk */
	_Atomic bool wal_is_kept;   /* the WAL could not be cut when space was needed */
	_Atomic uint64_t allowance; /* bytes that a quota leaves; UINT64_MAX: none is known */
	pthread_mutex_t fault_lock;
	char fault[512];   /* the fault while health is OUTBOX_FAULTY; protected by fault_lock */
	char failure[512]; /* written once, before health becomes OUTBOX_FAILED */
	struct tally finished;
	struct meters meters;
	_Atomic uint64_t stored, duplicates, commits, delivered, attempts, erasures;
};

/* The main function of the writer's thread. */
void *writer_main(void *outbox);

#endif
