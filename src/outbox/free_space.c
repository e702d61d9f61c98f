/*
 * The order in which free space is given out, from the greatest need: events (min_free, the space
 * of their transaction, and the ballast), work (RESERVE_BYTES), records. While events are refused,
 * the space is measured and freed once every HEALTH_RETRY_MS, not for each request. A failure to
 * free space sets the outbox's health.
 */
#include "outbox/free_space.h"

#include <stdio.h>

#include "outbox/checkpoint.h"
#include "outbox/file/readers.h"
#include "outbox/file/reserve.h"
#include "outbox/file/space.h"
#include "outbox/health.h"
#include "outbox/outbox_private.h"

/* A stored byte is written to the WAL and to the file, with its share of the indexes. */
#define BYTES_STORED 3
/* Pages that are given back at once. Each can cost the WAL three pages. */
#define PAGES_BACK 512
#define PAGES_BACK_FEW 32
#define PAGES_BACK_FREE (UINT64_C(16) << 20) /* so much must be free for PAGES_BACK */

/* The least that stays free when events are stored. */
static uint64_t
least_free(const struct outbox *o)
{
	uint64_t min = o->options.min_free_bytes;

	return min > RESERVE_BYTES ? min : RESERVE_BYTES;
}

static bool
has_free(const struct outbox *o, uint64_t bytes)
{
	return space_free(o->path) >= bytes;
}

/*
 * Without its ballast the outbox takes no events: making it again needs space of its own. A file
 * system that cannot hold the ballast for another reason works without one.
 */
static bool
is_enough(struct outbox *o)
{
	uint64_t need = least_free(o) + FREE_SPACE_MARGIN;
	bool has_ballast = reserve_has_ballast(o->path);
	struct err e;

	if (checkpoint_wal_is_full(o) || !has_free(o, has_ballast ? need : need + RESERVE_BYTES))
		return false;
	return has_ballast || reserve_make_ballast(o->path, &e) == 0 || e.code != ERR_FULL;
}

/*
 * Gives free pages inside the database file back to the file system, in steps. While a reader keeps
 * the WAL, this would take space instead.
 */
static void
give_pages_back(struct outbox *o)
{
	int64_t pages = 0;
	char sql[64];
	struct err e;

	if (o->wal_pages != 0)
		return;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)",
	    has_free(o, PAGES_BACK_FREE) ? PAGES_BACK : PAGES_BACK_FEW);
	if (db_exec_int(&o->db, "PRAGMA freelist_count", &pages, &e) != 0
	    || (pages > 0 && db_exec(&o->db, sql, &e) != 0)) {
		health_note_failure(o, &e);
		return;
	}
	if (pages > 0)
		checkpoint_cut_now(o);
}

/* Another fault than a full disk stays until a commit disproves it. */
static void
note_health(struct outbox *o, bool enough)
{
	int health = atomic_load(&o->health);

	atomic_store(&o->wal_is_full, checkpoint_wal_is_full(o));
	if (health == OUTBOX_OK || health == OUTBOX_FULL)
		atomic_store(&o->health, enough ? OUTBOX_OK : OUTBOX_FULL);
}

bool
free_space_check(struct outbox *o)
{
	bool enough;

	if (o->full_until > clock_mono(o->options.clock))
		return false;
	o->full_until = 0;
	enough = is_enough(o);
	if (!enough && db_rollback(&o->db) == 0) {
		checkpoint_cut_now(o);
		give_pages_back(o);
		enough = is_enough(o);
	}
	if (atomic_load(&o->health) == OUTBOX_FAILED)
		return false;
	if (!enough)
		o->full_until = clock_mono(o->options.clock) + HEALTH_RETRY_MS;
	note_health(o, enough);
	return enough;
}

bool
free_space_has_work(const struct outbox *o)
{
	/* What the ballast gave up is for records, and not for new work. */
	return has_free(o, reserve_has_ballast(o->path) ? RESERVE_BYTES : 2 * RESERVE_BYTES);
}

enum message_space
free_space_for(struct outbox *o, size_t bytes)
{
	if (free_space_check(o) && has_free(o, least_free(o) + BYTES_STORED * (uint64_t)bytes))
		return SPACE_STORE;
	return free_space_has_work(o) ? SPACE_WORK : SPACE_RECORD;
}

void
free_space_ran_out(struct outbox *o)
{
	reserve_give_up_ballast(o->path);
}

/* ---- for people -------------------------------------------------------------------------------
 */

/* The WAL was cut just before, unless a reader keeps it. */
static bool
is_kept_by_reader(const struct outbox *o)
{
	uint64_t size = space_size(o->files.file[FILES_WAL].path);

	return size != UINT64_MAX && size >= FREE_SPACE_MARGIN;
}

void
free_space_text(struct outbox *o, char *ret_text, size_t size)
{
	bool wal_is_full = atomic_load(&o->wal_is_full);
	char readers[200];

	if (wal_is_full || is_kept_by_reader(o)) {
		readers_name(o->path, readers, sizeof(readers));
		snprintf(ret_text, size,
		    "the write-ahead log of %s %s, because %s reads the database and does not "
		    "finish: %s until it does; end it, or its transaction",
		    o->path, wal_is_full ? "has reached max_wal" : "fills the disk", readers,
		    free_space_has_work(o) ? "new events are refused"
					   : "new events are refused, and deliveries wait,");
		return;
	}
	snprintf(ret_text, size,
	    "the disk of %s is nearly full: %s until there is space again; free some%s", o->path,
	    free_space_has_work(o) ? "new events are refused"
				   : "new events are refused, and deliveries wait,",
	    o->options.min_free_bytes <= RESERVE_BYTES ? "" : ", or lower min_free");
}
