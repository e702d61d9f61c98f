/*
 * Checkpoints copy the WAL into the database file every CHECKPOINT_PAGES pages or
 * CHECKPOINT_COMMITS commits, and cut the WAL's file once it is larger than OUTBOX_WAL_CUT or a
 * quarter of its limit. No commit waits for many pages then: small commits make few pages, and a
 * large one had to wait for its own. A reader can delay both; the WAL then grows, and free_space.c
 * takes that into account: receipt first slows down, and stops when the WAL reaches its limit. Any
 * error of a checkpoint sets the outbox's health.
 */
#include "outbox/checkpoint.h"

#include "outbox/file/reserve.h"
#include "outbox/file/space.h"
#include "outbox/health.h"
#include "outbox/outbox_private.h"

#define PAGE_BYTES 8192

static void
note_wal_pages(void *arg, int pages)
{
	struct outbox *o = arg;

	if (pages < o->wal_pages) /* SQLite writes the WAL from its beginning again */
		o->checkpoint_at = CHECKPOINT_PAGES;
	o->wal_pages = pages;
	o->wal_commits++;
	health_note_commit(o);
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

bool
checkpoint_wal_is_full(const struct outbox *o)
{
	uint64_t max = o->options.max_wal_bytes;

	return max != 0 && checkpoint_wal_bytes(o) >= max;
}

int
checkpoint_wait_ms(const struct outbox *o)
{
	uint64_t bytes = checkpoint_wal_bytes(o), max = o->options.max_wal_bytes, half = max / 2;

	if (max == 0 || bytes <= half)
		return 0;
	if (bytes >= max)
		return CHECKPOINT_WAIT_MAX_MS;
	return (int)((bytes - half) * CHECKPOINT_WAIT_MAX_MS / (max - half));
}

static uint64_t
cut_at(const struct outbox *o)
{
	uint64_t quarter = o->options.max_wal_bytes / 4;

	return quarter == 0 || quarter > OUTBOX_WAL_CUT ? OUTBOX_WAL_CUT : quarter;
}

/*
 * The next attempt comes CHECKPOINT_PAGES pages or CHECKPOINT_COMMITS commits later, so that a
 * reader in the way does not make every commit try again.
 */
static void
checkpoint_now(struct outbox *o, bool cut)
{
	struct err e;
	int rc = db_checkpoint(&o->db, cut, &o->wal_pages, &e);

	/* The space is there (file/reserve.h), except on file systems that never overwrite. */
	if (rc != 0 && e.code == ERR_FULL && reserve_give_up_ballast(o->path))
		rc = db_checkpoint(&o->db, cut, &o->wal_pages, &e);
	if (rc != 0)
		health_note_failure(o, &e);
	o->checkpoint_at = o->wal_pages + CHECKPOINT_PAGES;
	o->wal_commits = 0;
}

void
checkpoint_if_due(struct outbox *o)
{
	if (o->wal_pages >= o->checkpoint_at || o->wal_commits >= CHECKPOINT_COMMITS)
		checkpoint_now(o, checkpoint_wal_bytes(o) >= cut_at(o));
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
