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
#define BUSY_TIMEOUT_MS 2000

static int
note_wal_pages(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct outbox *o = arg;

	(void)handle;
	(void)name;
	if (pages < o->wal_pages) /* SQLite writes it from its start again */
		o->checkpoint_at = CHECKPOINT_PAGES;
	o->wal_pages = pages;
	return SQLITE_OK;
}

void
checkpoint_open(struct outbox *o)
{
	o->checkpoint_at = CHECKPOINT_PAGES;
	o->wal_pages = (int)(space_size(o->files.file[FILES_WAL].path) / PAGE_BYTES);
	sqlite3_wal_hook(o->db.handle, note_wal_pages, o);
}

uint64_t
checkpoint_wal_bytes(const struct outbox *o)
{
	return (uint64_t)o->wal_pages * PAGE_BYTES;
}

static int
checkpoint(struct outbox *o, int mode, struct err *e)
{
	int pages = -1, rc;

	sqlite3_busy_timeout(o->db.handle, 0);
	rc = sqlite3_wal_checkpoint_v2(o->db.handle, "main", mode, &pages, NULL);
	if (pages >= 0)
		o->wal_pages = pages;
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
		db_error(&o->db, e, "checkpoint");
	else
		rc = SQLITE_OK;
	sqlite3_busy_timeout(o->db.handle, BUSY_TIMEOUT_MS);
	return rc == SQLITE_OK ? 0 : -1;
}

/* A reader in the way must not make each commit try again. */
static void
checkpoint_now(struct outbox *o, int mode)
{
	struct err e;

	if (checkpoint(o, mode, &e) != 0)
		health_note_failure(o, &e);
	o->checkpoint_at = o->wal_pages + CHECKPOINT_PAGES;
}

void
checkpoint_if_due(struct outbox *o)
{
	if (o->wal_pages < o->checkpoint_at)
		return;
	checkpoint_now(
	    o, o->wal_pages >= CUT_PAGES ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
}

int
checkpoint_cut(struct outbox *o, struct err *e)
{
	return checkpoint(o, SQLITE_CHECKPOINT_TRUNCATE, e);
}

void
checkpoint_cut_now(struct outbox *o)
{
	checkpoint_now(o, SQLITE_CHECKPOINT_TRUNCATE);
}
