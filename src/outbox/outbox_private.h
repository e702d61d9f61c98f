/* What outbox.c and writer.c share. Private to outbox/. */
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

#define WRITER_PAGE_BYTES 8192
/* Pages in the WAL at which they are copied into the file. */
#define WRITER_CHECKPOINT_PAGES 4096

struct outbox {
	struct outbox_options options;
	char *path;
	int lock_fd;
	struct db db;
	struct dedup dedup;
	struct rand rand;
	struct store store;
	struct unresolved unresolved;
	struct files files;
	struct mailbox box;
	pthread_t thread;
	bool running;
	/* writer thread */
	int wal_pages;         /* in the WAL, at most */
	int checkpoint_at;     /* pages at which the next checkpoint is tried */
	int64_t full_until;    /* mono ms: no attempt to store before; 0: none */
	struct err stop_error; /* of the last checkpoint */
	int stop_rc;
	struct outbox_unresolved go_on; /* our own: the next slice of those let go */
	bool going_on;                  /* it is in the mailbox */
	/* any thread */
	_Atomic int health; /* enum outbox_health; OUTBOX_FAILED is never left */
	char failure[512];  /* written once, before health becomes OUTBOX_FAILED */
	_Atomic uint64_t stored, duplicates, commits, delivered, attempts, erasures;
};

void *writer_main(void *outbox);
/* Copies what is in the WAL into the file and cuts the WAL; a reader in the way is no error. */
int writer_checkpoint(struct outbox *o, int mode, struct err *e);

#endif
