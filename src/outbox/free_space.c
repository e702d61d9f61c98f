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
is_limited(const struct outbox *o)
{
	return atomic_load(&o->allowance) != UINT64_MAX;
}

static bool
has_free(const struct outbox *o, uint64_t bytes)
{
	return atomic_load(&o->allowance) >= bytes && space_free(o->path) >= bytes;
}

/* Whether a lack of space cannot be one of the file system. */
static bool
is_elsewhere(const struct outbox *o)
{
	return space_free(o->path) >= RESERVE_BYTES + FREE_SPACE_MARGIN;
}

void
free_space_explain(struct outbox *o, struct err *e)
{
	struct err other;

	if (e->code == ERR_FULL && is_elsewhere(o) && db_try_commit(&o->db, &other) != 0
	    && other.code != ERR_FULL && other.code != ERR_BUSY)
		*e = other;
}

void
free_space_note_lack(struct outbox *o)
{
	if (is_elsewhere(o))
		atomic_store(&o->allowance, 0);
}

/*
 * The file system does not say what a quota leaves, so it is tried. min_free is for the others on
 * the disk, whom a quota protects better: it does not count here. The limit is forgotten as soon as
 * there is enough.
 */
static void
try_allowance(struct outbox *o)
{
	uint64_t least = reserve_has_ballast(o->path) ? RESERVE_BYTES : 2 * RESERVE_BYTES;

	if (space_try(o->path, least + FREE_SPACE_MARGIN)
	    && reserve_try_growth(&o->db, FREE_SPACE_MARGIN))
		atomic_store(&o->allowance, UINT64_MAX);
	else
		atomic_store(&o->allowance, space_try(o->path, least) ? least : 0);
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
	if (has_ballast || reserve_make_ballast(o->path, &e) == 0 || e.code != ERR_FULL)
		return true;
	free_space_note_lack(o);
	return false;
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
		atomic_store(&o->wal_is_kept, checkpoint_wal_bytes(o) >= FREE_SPACE_MARGIN);
		give_pages_back(o);
		if (is_limited(o))
			try_allowance(o);
		enough = is_enough(o);
	}
	if (atomic_load(&o->health) == OUTBOX_FAILED)
		return false;
	if (enough)
		atomic_store(&o->wal_is_kept, false);
	else
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
	uint64_t need = BYTES_STORED * (uint64_t)bytes;

	/* The check has found FREE_SPACE_MARGIN. */
	if (free_space_check(o) && (need <= FREE_SPACE_MARGIN || has_free(o, least_free(o) + need)))
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

static const char *
refused(const struct outbox *o)
{
	return free_space_has_work(o) ? "new events are refused"
				      : "new events are refused, and deliveries wait,";
}

void
free_space_text(struct outbox *o, char *ret_text, size_t size)
{
	bool wal_is_full = atomic_load(&o->wal_is_full);
	char readers[200];

	if (wal_is_full || atomic_load(&o->wal_is_kept)) {
		readers_name(o->path, readers, sizeof(readers));
		snprintf(ret_text, size,
		    "the write-ahead log of %s %s, because %s reads the database and does not "
		    "finish: %s until it does; end it, or its transaction",
		    o->path, wal_is_full ? "has reached max_wal" : "fills the disk", readers,
		    refused(o));
		return;
	}
	if (is_limited(o)) {
		snprintf(ret_text, size,
		    "the files of %s cannot grow although their disk has space: %s until they can; "
		    "raise the quota of this user or project, or the limit of file sizes "
		    "(LimitFSIZE), or free some of it",
		    o->path, refused(o));
		return;
	}
	snprintf(ret_text, size,
	    "the disk of %s is nearly full: %s until there is space again; free some%s", o->path,
	    refused(o), o->options.min_free_bytes <= RESERVE_BYTES ? "" : ", or lower min_free");
}

void
outbox_find_readers(
    const struct outbox *o, void (*found)(void *arg, int pid, const char *name), void *arg)
{
	readers_find(o->path, found, arg);
}
