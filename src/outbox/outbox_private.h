/* The outbox's state, and which thread owns which part of it. */
#ifndef OUTBOX_OUTBOX_PRIVATE_H
#define OUTBOX_OUTBOX_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/rand.h"
#include "outbox/file/db.h"
#include "outbox/file/files.h"
#include "outbox/outbox.h"
#include "outbox/write/dedup.h"
#include "outbox/write/store.h"
#include "outbox/write/unresolved.h"

struct outbox {
	/* Set by outbox_open, then only read. */
	struct outbox_options options;
	char *path;

	/* The main thread until outbox_start and after outbox_stop, the writer's in between. */
	int lock_fd;
	struct db db;
	struct files files;
	struct dedup dedup;
	struct rand rand;
	struct unresolved unresolved;
	struct store store;
	int wal_pages;                    /* in the WAL, at most */
	int checkpoint_at;                /* pages at which the next checkpoint is tried */
	int64_t full_until;               /* mono ms: nothing is stored before; 0: no limit */
	struct outbox_unresolved resolve; /* the writer's own message: the next step */
	bool resolve_sent;                /* it is in the mailbox */
	struct err stop_error;            /* of the last checkpoint */
	int stop_rc;

	/* The main thread. */
	pthread_t thread;
	bool running;

	/* Any thread. */
	struct mailbox box;
	_Atomic int health; /* enum outbox_health; OUTBOX_FAILED is never left */
	char failure[512];  /* written once, before health becomes OUTBOX_FAILED */
	_Atomic uint64_t stored, duplicates, commits, delivered, attempts, erasures;
};

/* The thread. */
void *writer_main(void *outbox);

#endif
