/*
 * The dispatcher's reader. What is due comes from two indexes, events without a retry time and
 * delayed events, merged by id so that the order of arrival holds.
 */
#include "outbox/read/reader.h"

#include <stdlib.h>

#include "outbox/file/db.h"
#include "outbox/file/migrate.h"

struct outbox_reader {
	struct db db;
	/* Between begin and end: the two halves of what is due. */
	sqlite3_stmt *fresh;   /* events without a retry time */
	sqlite3_stmt *delayed; /* events whose retry time has come */
	int64_t next_fresh;    /* INT64_MAX: no more */
	int64_t next_delayed;
};

int
outbox_reader_open(const char *path, struct outbox_reader **ret_reader, struct err *e)
{
	struct outbox_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e);
	if (db_open(&r->db, path, DB_READ, e) != 0) {
		free(r);
		return -1;
	}
	if (migrate_check_version(&r->db, path, e) != 0) {
		outbox_reader_close(r);
		return -1;
	}
	*ret_reader = r;
	return 0;
}

void
outbox_reader_close(struct outbox_reader *r)
{
	if (r == NULL)
		return;
	db_close(&r->db, NULL);
	free(r);
}

static int
advance(struct outbox_reader *r, sqlite3_stmt *stmt, int64_t *next, struct err *e)
{
	int rc = db_step(&r->db, stmt, e);

	*next = rc == 1 ? db_int(stmt, 0) : INT64_MAX;
	return rc < 0 ? -1 : 0;
}

int
outbox_due_begin(struct outbox_reader *r, int64_t site_id, int64_t now, int64_t horizon,
    int64_t after, int64_t fresh_after, struct err *e)
{
	r->fresh = db_stmt(&r->db, STMT_DUE_FRESH, e);
	r->delayed = db_stmt(&r->db, STMT_DUE_WAITED, e);
	if (r->fresh == NULL || r->delayed == NULL || db_exec(&r->db, "BEGIN", e) != 0)
		return -1;
	db_bind_int(r->fresh, 1, site_id);
	db_bind_int(r->fresh, 2, fresh_after > after ? fresh_after : after);
	db_bind_int(r->delayed, 1, site_id);
	db_bind_int(r->delayed, 2, now);
	db_bind_int(r->delayed, 3, after);
	db_bind_int(r->delayed, 4, horizon);
	if (advance(r, r->fresh, &r->next_fresh, e) != 0
	    || advance(r, r->delayed, &r->next_delayed, e) != 0) {
		outbox_due_end(r);
		return -1;
	}
	return 0;
}

int
outbox_due_next(struct outbox_reader *r, int64_t *ret_event_id, struct err *e)
{
	bool fresh_first = r->next_fresh < r->next_delayed;
	int64_t *next = fresh_first ? &r->next_fresh : &r->next_delayed;
	int64_t event_id = *next;

	if (event_id == INT64_MAX)
		return 0;
	if (advance(r, fresh_first ? r->fresh : r->delayed, next, e) != 0)
		return -1;
	*ret_event_id = event_id;
	return 1;
}

void
outbox_event_done(struct outbox_reader *r)
{
	db_done(r->db.stmt[STMT_EVENT_LOAD]);
}

void
outbox_due_end(struct outbox_reader *r)
{
	db_done(r->fresh);
	db_done(r->delayed);
	outbox_event_done(r);
	db_exec(&r->db, "COMMIT", NULL);
}

int
outbox_due_soonest(struct outbox_reader *r, int64_t site_id, int64_t *ret_at, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&r->db, STMT_DUE_SOONEST, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	rc = db_step(&r->db, stmt, e);
	if (rc < 0)
		return -1;
	*ret_at = rc == 1 ? db_int(stmt, 0) : 0;
	db_done(stmt);
	return 0;
}

int
outbox_due_delayed(struct outbox_reader *r, int64_t site_id,
    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&r->db, STMT_DUE_DELAYED, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	while ((rc = db_step(&r->db, stmt, e)) == 1)
		each(arg, db_int(stmt, 0), db_text(stmt, 1));
	return rc;
}

static void
fill_event(sqlite3_stmt *stmt, struct outbox_event *event)
{
	*event = (struct outbox_event){
		.event_id = db_int(stmt, 0),
		.site_id = db_int(stmt, 1),
		.message_id = db_text(stmt, 2),
		.kind = kind_parse(db_text(stmt, 3)),
		.name = db_text(stmt, 4),
		.email = db_text(stmt, 5),
		.occurred_at = db_int(stmt, 6),
		.received_at = db_int(stmt, 7),
		.body = db_text(stmt, 8),
		.context = db_text(stmt, 9),
		.attempts = db_int(stmt, 11),
		.maybe_sent = db_int(stmt, 12),
		.max_batch = (unsigned)db_int(stmt, 13),
		.browser = db_int(stmt, 14) != 0,
		.integrations = db_text(stmt, 15),
	};
}

int
outbox_event_load(
    struct outbox_reader *r, int64_t event_id, struct outbox_event *ret_event, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&r->db, STMT_EVENT_LOAD, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_done(stmt);
	db_bind_int(stmt, 1, event_id);
	rc = db_step(&r->db, stmt, e);
	if (rc != 1)
		return rc;
	fill_event(stmt, ret_event);
	if (status_parse(db_text(stmt, 10), &ret_event->status) != 0) {
		db_done(stmt);
		return err_set(e, ERR_IO, "event %lld has an unknown status", (long long)event_id);
	}
	return 1;
}
