#include "outbox/free_space.h"

#include "outbox/file/space.h"
#include "outbox/outbox_private.h"

/* By how much the database's file will grow when the WAL is copied into it. */
static uint64_t
growth(struct outbox *o)
{
	sqlite3_stmt *stmt = db_stmt(&o->db, STMT_DATABASE_BYTES, NULL);
	uint64_t bytes = 0, have;

	if (stmt == NULL)
		return 0;
	if (db_step(&o->db, stmt, NULL) == 1)
		bytes = (uint64_t)db_int(stmt, 0);
	db_done(stmt);
	have = space_size(o->path);
	return bytes > have ? bytes - have : 0;
}

/*
 * A reader that stays keeps the WAL from being copied, and it grows. What its copy will need is
 * taken already: otherwise the WAL could take the last of the disk and never be cut again.
 */
bool
free_space_is_left(struct outbox *o)
{
	uint64_t wal = (uint64_t)o->wal_pages * WRITER_PAGE_BYTES, free = space_free(o->path);

	if (free < o->options.min_free_bytes)
		return false;
	free -= o->options.min_free_bytes;
	return free >= wal || free >= growth(o);
}
