/*
 * Checkpoints: the WAL is copied into the file every CHECKPOINT_PAGES pages, and its file is cut
 * once it is larger than OUTBOX_WAL_CUT. A reader in the way puts that off; the WAL then grows,
 * which free_space.c reckons with. Any other error becomes the outbox's health.
 */
#include "outbox/checkpoint.h"

#include "outbox/file/space.h"
#include "outbox/health.h"
#include "outbox/outbox_private.h"

#define PAGE_BYTES 8192
#define CHECKPOINT_PAGES 4096
#define CUT_PAGES (OUTBOX_WAL_CUT / PAGE_BYTES)

static void
note_wal_pages(void *arg, int pages)
{
	struct outbox *o = arg;

	if (pages < o->wal_pages) /* SQLite writes it from its start again */
		o->checkpoint_at = CHECKPOINT_PAGES;
	o->wal_pages = pages;
}

void
checkpoint_open(struct outbox *o)
{
	o->checkpoint_at = CHECKPOINT_PAGES;
	o->wal_pages = (int)(space_size(o->files.file[FILES_WAL].path) / PAGE_BYTES);
	db_watch_wal(&o->db, note_wal_pages, o);
}

uint64_t
checkpoint_wal_bytes(const struct outbox *o)
{
	return (uint64_t)o->wal_pages * PAGE_BYTES;
}

/* A reader in the way must not make each commit try again. */
static void
checkpoint_now(struct outbox *o, bool cut)
{
	struct err e;

	if (db_checkpoint(&o->db, cut, &o->wal_pages, &e) != 0)
		health_note_failure(o, &e);
	o->checkpoint_at = o->wal_pages + CHECKPOINT_PAGES;
}

void
checkpoint_if_due(struct outbox *o)
{
	if (o->wal_pages >= o->checkpoint_at)
		checkpoint_now(o, o->wal_pages >= CUT_PAGES);
}

int
checkpoint_cut(struct outbox *o, struct err *e)
{
	return db_checkpoint(&o->db, true, &o->wal_pages, e);
}

void
checkpoint_cut_now(struct outbox *o)
{
	checkpoint_now(o, true);
}
