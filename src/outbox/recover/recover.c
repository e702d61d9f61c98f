/*
 * The order of a recovery: a new file, its rows from the pages of the old one, the state of each
 * event, and what is made of the rows (hashes and texts of messageIds); then the report. The new
 * file is synced only at its end, because an incomplete one is removed.
 */
#include "outbox/recover/recover.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "outbox/dedup/dedup.h"
#include "outbox/file/db.h"
#include "outbox/file/files.h"
#include "outbox/file/migrate.h"
#include "outbox/file/part.h"
#include "outbox/recover/reading.h"
#include "outbox/recover/states.h"
#include "outbox/write/message_blocks.h"

#define NEWER_MAX 1000 /* a header that states a higher version is damaged */
#define QUERY_MS (24 * 3600 * INT64_C(1000))

/* ---- the report ------------------------------------------------------------------------------ */

/* Ranges of ids that no event has. Retention can have removed those events, too. */
#define GAPS                                                                                       \
	"WITH known AS (SELECT max(id) AS id FROM (SELECT max(event_id) AS id FROM event"          \
	" UNION ALL SELECT max(value) FROM old_meta WHERE key = 'counted_to'"                      \
	" UNION ALL SELECT max(event_id) FROM missing)),"                                          \
	" ids AS (SELECT 0 AS id UNION ALL SELECT event_id FROM event"                             \
	" UNION ALL SELECT id + 1 FROM known),"                                                    \
	" gap AS (SELECT id + 1 AS first, lead(id) OVER (ORDER BY id) - 1 AS last FROM ids)"

/* The gaps where events could not be read. */
static const char gaps_in_holes[] =
    GAPS " SELECT max(g.first, h.first), min(g.last, h.last) FROM gap g JOIN hole h"
	 " ON h.first <= g.last AND h.last >= g.first WHERE g.first <= g.last AND h.tree = 'event'"
	 " UNION SELECT event_id, event_id FROM missing"
	 " ORDER BY 1, 2 DESC";

static const char gaps_anywhere[] =
    GAPS " SELECT first, last FROM gap WHERE first <= last ORDER BY 1";

/* Joins ranges that touch. */
static int
take_gap(void *arg, const struct query_value *v, size_t n, struct err *e)
{
	struct recover_report *report = arg;
	struct recover_range *last =
	    report->n_ranges > 0 ? &report->range[report->n_ranges - 1] : NULL;

	(void)n;
	(void)e;
	if (last != NULL && v[0].integer <= last->last + 1) {
		if (v[1].integer > last->last)
			last->last = v[1].integer;
	} else if (report->n_ranges == RECOVER_RANGES_MAX) {
		report->more_ranges++;
	} else {
		report->range[report->n_ranges++] =
		    (struct recover_range){ v[0].integer, v[1].integer };
	}
	return 0;
}

static int64_t
ids_named(const struct recover_report *r)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->n_ranges; i++)
		n += r->range[i].last - r->range[i].first + 1;
	return n;
}

/* Rows that another program deleted leave no damaged page. */
static int
find_gaps(struct reading *r, struct recover_report *ret, struct err *e)
{
	const struct query_sink sink = { .row = take_gap, .arg = ret };

	if (query_run(r->db, gaps_in_holes, QUERY_MS, &sink, e) != 0)
		return -1;
	if (!ret->counted || ret->more_ranges > 0 || ids_named(ret) >= ret->lost)
		return 0;
	ret->n_ranges = 0;
	return query_run(r->db, gaps_anywhere, QUERY_MS, &sink, e);
}

static void
name_tables(const struct reading *r, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n_sources; i++) {
		const char *name = sources[i].name;

		if (r->tree[i].lost == 0 || !sources[i].is_kept)
			continue;
		used +=
		    (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", name);
		if (used >= size)
			return;
	}
}

static int
report(struct reading *r, struct recover_report *ret, struct err *e)
{
	static const char counted[] =
	    "SELECT NOT EXISTS (SELECT 1 FROM hole WHERE tree = 'site_count')"
	    " AND EXISTS (SELECT 1 FROM old_count)";
	static const char changed[] =
	    "SELECT count(*) FROM doubt d"
	    " JOIN event e ON e.event_id = d.event_id WHERE NOT d.settled";
	static const char unclear[] = "SELECT count(*) FROM doubt d"
				      " JOIN event e ON e.event_id = d.event_id WHERE d.settled";
	int64_t is_counted, before, found;

	ret->pages = r->n_pages_damaged;
	ret->log_frames = (int64_t)r->pages.wal.wrong.n + r->pages.wal.unread;
	name_tables(r, ret->tables, sizeof(ret->tables));
	if (db_exec_int(r->db, "SELECT count(*) FROM event", &ret->events, e) != 0
	    || db_exec_int(r->db, counted, &is_counted, e) != 0
	    || db_exec_int(r->db, "SELECT sum(events) FROM old_count", &before, e) != 0
	    || db_exec_int(r->db, "SELECT events FROM found", &found, e) != 0)
		return -1;
	ret->counted = is_counted != 0;
	ret->lost = before > found ? before - found : 0;
	if (db_exec_int(r->db, changed, &ret->changed, e) != 0
	    || db_exec_int(r->db, unclear, &ret->unclear, e) != 0)
		return -1;
	return ret->counted && ret->lost == 0 ? 0 : find_gaps(r, ret, e);
}

bool
recover_is_complete(const struct recover_report *r)
{
	return r->n_ranges == 0 && r->lost == 0 && r->changed == 0 && r->unclear == 0
	       && r->log_frames == 0 && r->tables[0] == '\0';
}

/* ---- the new file ---------------------------------------------------------------------------- */

/* While it is made the file needs no log and no sync: after a failure it is removed. */
static int
open_new(struct db *db, const char *path, struct err *e)
{
	if (db_open(db, path, DB_WRITE, e) != 0)
		return -1;
	return migrate_run(db, path, schema_migrations, SCHEMA_VERSION, e) == 0
		       && db_exec(db,
			      "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
			      "PRAGMA temp_store=FILE",
			      e)
			      == 0
		   ? states_stage(db, e)
		   : -1;
}

/* Hashes and texts of messageIds. */
static int
rebuild(struct db *db, struct err *e)
{
	struct dedup dedup;

	if (dedup_open(&dedup, db, e) != 0)
		return -1;
	dedup_close(&dedup);
	return message_blocks_rebuild(db, e);
}

static int
fill(struct reading *r, const char *from, struct db *db, int64_t now, struct recover_report *ret,
    struct err *e)
{
	if (reading_open(r, from, db, e) != 0)
		return -1;
	/* A damaged number is large; versions are few. */
	if (r->pages.version > SCHEMA_VERSION && r->pages.version < NEWER_MAX)
		return err_set(e, ERR_INPUT,
		    "%s was written by a newer bentospool: install that version or a later one",
		    from);
	if (reading_run(r, e) != 0 || states_decide(db, now, e) != 0 || rebuild(db, e) != 0)
		return -1;
	if (report(r, ret, e) != 0)
		return -1;
	return ret->events > 0 || r->rooted
		   ? 0
		   : err_set(e, ERR_INPUT, "%s has no page of a bentospool database", from);
}

static int
make(const char *from, const char *part, int64_t now, const struct recover_progress *progress,
    struct recover_report *ret, struct err *e)
{
	struct reading r = { .progress = progress, .pages = { .fd = -1, .wal = { .fd = -1 } } };
	struct db db;
	int rc = open_new(&db, part, e), pages;

	if (rc == 0)
		rc = fill(&r, from, &db, now, ret, e);
	reading_close(&r);
	if (rc == 0)
		rc = db_exec(&db, "PRAGMA journal_mode=DELETE", e);
	/* A close does not report that it could not write a log back. */
	if (rc == 0)
		rc = db_checkpoint(&db, true, &pages, e);
	if (db.handle != NULL && db_close(&db, rc == 0 ? e : NULL) != 0)
		rc = -1;
	return rc;
}

/* SQLite keeps the log and its index, which the finished file does not need. */
static void
remove_beside(const char *part)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal" };
	char path[PART_PATH_SIZE + 16];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		snprintf(path, sizeof(path), "%s%s", part, suffixes[i]);
		unlink(path);
	}
}

int
outbox_recover(const char *from, const char *to, int64_t now,
    const struct recover_progress *progress, struct recover_report *ret_report, struct err *e)
{
	char part[PART_PATH_SIZE];
	int64_t bytes;
	int fd = part_open(to, e), rc;

	if (fd < 0)
		return -1;
	close(fd);
	memset(ret_report, 0, sizeof(*ret_report));
	rc = part_name(to, part, e);
	if (rc == 0) {
		remove_beside(part); /* of a recovery that was killed */
		rc = make(from, part, now, progress, ret_report, e);
		remove_beside(part);
	}
	if (rc == 0 && files_give_to_owner(part, e) == 0 && part_sync(part, &bytes, e) == 0
	    && part_finish(to, e) == 0)
		return 0;
	part_remove(to);
	return -1;
}
