/*
 * Decides whether new events may be stored: the disk must have enough free space, and the WAL must
 * be below its limit. While one of them is not met, the disk is checked every HEALTH_RETRY_MS, not
 * for each request. Cannot fail.
 */
#include "outbox/free_space.h"

#include "outbox/checkpoint.h"
#include "outbox/file/space.h"
#include "outbox/health.h"
#include "outbox/outbox_private.h"

/* Returns by how much the database file grows when the WAL is copied into it. */
static uint64_t
growth(struct outbox *o)
{
	int64_t bytes;
	uint64_t have;

	if (stmt_database_bytes(&o->db, &bytes, NULL) != 1)
		return 0;
	have = space_size(o->path);
	return (uint64_t)bytes > have ? (uint64_t)bytes - have : 0;
}

/*
 * A reader that stays open prevents the copying of the WAL, which then grows. The space that the
 * copy will need counts as used; otherwise the WAL could fill the disk and never be cut again.
 */
static bool
is_enough(struct outbox *o)
{
	uint64_t wal = checkpoint_wal_bytes(o), free = space_free(o->path);

	if (checkpoint_wal_is_full(o) || free < o->options.min_free_bytes)
		return false;
	free -= o->options.min_free_bytes;
	return free >= wal || free >= growth(o);
}

bool
free_space_check(struct outbox *o)
{
	bool enough;

	if (outbox_health(o) == OUTBOX_FAILED)
		return false;
	if (o->full_until > clock_mono(o->options.clock))
		return false;
	o->full_until = 0;
	enough = is_enough(o);
	if (!enough) {
		checkpoint_cut_now(o);
		enough = is_enough(o);
	}
	if (outbox_health(o) == OUTBOX_FAILED)
		return false;
	if (!enough)
		o->full_until = clock_mono(o->options.clock) + HEALTH_RETRY_MS;
	atomic_store(&o->wal_is_full, checkpoint_wal_is_full(o));
	atomic_store(&o->health, enough ? OUTBOX_OK : OUTBOX_FULL);
	return enough;
}
