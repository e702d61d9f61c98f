/*
 * Retention. A step looks at delivery rows in the order of ids, collects the events that are to
 * lose their body or all their rows, archives them, and removes them. After the last row, further
 * steps give free pages back to the file system. If the archive fails nothing is removed
 * (ERR_STATE).
 */
#include "outbox/operate/purge.h"

#include <stdlib.h>

#include "outbox/file/db.h"
#include "outbox/lines/archive.h"
#include "outbox/lines/export_line.h"
#include "outbox/message_kind.h"
#include "outbox/operate/operation_row.h"
#include "outbox/write/sites.h"

#define ATTEMPTS_MAX 4096         /* attempts of one step that may have no event left */
#define ARCHIVE_BYTES (64u << 20) /* lines of one step, at most */
#define ARCHIVE_ENOUGH (8u << 20) /* from here on the step takes no further event */

/* What one event loses. */
struct victim {
	int64_t event_id;
	int64_t message_key;
	bool rows; /* all its rows, not only the body */
	bool has_payload;
};

struct victims {
	struct victim victim[PURGE_STEP];
	size_t n;
	int64_t last_id; /* the last row looked at */
	bool end;        /* there are no more rows */
};

/* ---- what to remove
 * ------------------------------------------------------------------------------- */

static bool
is_before(int64_t settled_at, int64_t limit)
{
	return limit != PURGE_NEVER && settled_at < limit;
}

/* The columns are those of STMT_PURGE_SCAN. */
static void
weigh_row(sqlite3_stmt *stmt, const struct purge_limits *limits, struct victims *s)
{
	enum event_status status;
	int64_t settled_at = db_int(stmt, 2);
	bool gone = db_int(stmt, 3) != 0, rows, payload;

	s->last_id = db_int(stmt, 0);
	if (sqlite3_column_type(stmt, 2) == SQLITE_NULL
	    || status_parse(db_text(stmt, 1), &status) != 0 || status == STATUS_PENDING)
		return;
	rows = is_before(settled_at, limits->rows_before[status]);
	payload = !gone && is_before(settled_at, limits->payload_before[status]);
	if (rows || payload)
		s->victim[s->n++] = (struct victim){
			.event_id = s->last_id,
			.message_key = db_int(stmt, 4),
			.rows = rows,
			.has_payload = !gone,
		};
}

static int
scan(struct db *db, const struct outbox_purge *purge, struct victims *s, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_PURGE_SCAN, e);
	int looked = 0, rc = 1;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, purge->after_event_id);
	while (looked++ < PURGE_SCAN && s->n < PURGE_STEP && (rc = db_step(db, stmt, e)) == 1)
		weigh_row(stmt, purge->limits, s);
	if (rc == 1)
		db_done(stmt);
	s->end = rc == 0;
	return rc < 0 ? -1 : 0;
}

/* ---- removing it ---------------------------------------------------------------------------- */

static int
run_with_id(struct db *db, enum stmt id, int64_t event_id, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, id, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	return db_run(db, stmt, e);
}

/* One event less needs the envelope; the last one takes it along. */
static int
leave_envelope(struct db *db, const struct victim *v, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_PURGE_ENVELOPE, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, v->event_id);
	db_bind_int(stmt, 2, v->has_payload);
	db_bind_int(stmt, 3, v->rows);
	if (db_run(db, stmt, e) != 0)
		return -1;
	if (!v->rows)
		return 0;
	return run_with_id(db, STMT_PURGE_ENVELOPE_GONE, v->event_id, e);
}

static int
drop_payload(struct db *db, const struct victim *v, struct err *e)
{
	return run_with_id(db, STMT_PURGE_BODY, v->event_id, e) == 0
		       && run_with_id(db, STMT_PURGE_BODY_NOTE, v->event_id, e) == 0
		   ? 0
		   : -1;
}

/* Attempts of removed events; those that have no event left are removed at the end of the step. */
struct attempts_left {
	int64_t id[ATTEMPTS_MAX];
	size_t n;
};

static int
note_attempts(struct db *db, int64_t event_id, struct attempts_left *left, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_PURGE_ATTEMPTS_OF, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	while ((rc = db_step(db, stmt, e)) == 1) {
		int64_t id = db_int(stmt, 0);

		/* Neighbors mostly share them. Without room an attempt stays: it is only a row. */
		if (left->n < ATTEMPTS_MAX && (left->n == 0 || left->id[left->n - 1] != id))
			left->id[left->n++] = id;
	}
	return rc;
}

static int
drop_rows(struct db *db, const struct victim *v, struct attempts_left *left, struct err *e)
{
	static const enum stmt rows_of[] = { STMT_PURGE_MEMBERS, STMT_PURGE_DELIVERY,
		STMT_PURGE_EVENT };
	sqlite3_stmt *stmt = db_stmt(db, STMT_PURGE_MESSAGE_KEY, e);

	if (stmt == NULL || note_attempts(db, v->event_id, left, e) != 0
	    || sites_count_delivered(db, v->event_id, -1, e) != 0)
		return -1;
	db_bind_int(stmt, 1, v->message_key);
	db_bind_int(stmt, 2, v->event_id);
	if (db_run(db, stmt, e) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(rows_of) / sizeof(*rows_of); i++)
		if (run_with_id(db, rows_of[i], v->event_id, e) != 0)
			return -1;
	return 0;
}

static int
drop_empty_attempts(struct db *db, const struct attempts_left *left, struct err *e)
{
	for (size_t i = 0; i < left->n; i++)
		if (run_with_id(db, STMT_PURGE_ATTEMPT, left->id[i], e) != 0)
			return -1;
	return 0;
}

static int
drop_all(struct db *db, struct outbox_purge *purge, const struct victims *s, struct err *e)
{
	struct attempts_left *left = calloc(1, sizeof(*left));
	int rc = left == NULL ? err_nomem(e) : 0;

	for (size_t i = 0; rc == 0 && i < s->n; i++) {
		const struct victim *v = &s->victim[i];

		rc = leave_envelope(db, v, e);
		if (rc == 0)
			rc = v->rows ? drop_rows(db, v, left, e) : drop_payload(db, v, e);
		purge->n_payloads += v->has_payload;
		purge->n_rows += v->rows;
	}
	if (rc == 0)
		rc = drop_empty_attempts(db, left, e);
	free(left);
	return rc;
}

/* ---- the archive ---------------------------------------------------------------------------- */

/* Ends the step early when its lines are large enough. */
static int
write_lines(struct db *db, struct victims *s, struct buf *lines, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		if (lines->n >= ARCHIVE_ENOUGH) {
			s->n = i;
			s->last_id = s->victim[i - 1].event_id;
			s->end = false;
			return 0;
		}
		/* An event without a body was archived when the body was removed. */
		if (s->victim[i].has_payload
		    && export_line_append(db, s->victim[i].event_id, lines, e) < 0)
			return -1;
	}
	return 0;
}

/* A folder that cannot be written is this message's own fault, and not that of the transaction. */
static int
archive(
    struct db *db, const struct outbox_purge *purge, struct victims *s, int64_t now, struct err *e)
{
	struct buf lines;
	int rc;

	if (purge->archive == NULL || purge->archive[0] == '\0' || s->n == 0)
		return 0;
	buf_init(&lines, ARCHIVE_BYTES);
	rc = write_lines(db, s, &lines, e);
	if (rc == 0 && lines.n > 0
	    && archive_append(purge->archive, now, buf_slice(&lines), e) != 0) {
		rc = -1;
		if (e != NULL)
			e->code = ERR_STATE;
	}
	buf_free(&lines);
	return rc;
}

/* ---- one step ------------------------------------------------------------------------------- */

static int
note_operation(struct db *db, struct outbox_purge *purge, int64_t now, struct err *e)
{
	const struct operation_row row = {
		.at = now,
		.actor = purge->actor,
		.verb = "purge",
		.filter = SLICE("{}"),
	};
	int64_t events = purge->n_payloads > purge->n_rows ? purge->n_payloads : purge->n_rows;

	if (purge->operation_id == 0 && operation_row_add(db, &row, &purge->operation_id, e) != 0)
		return -1;
	return operation_row_count(db, purge->operation_id, events, e);
}

/* Gives pages back to the file system while more of them are free than new events need. */
static int
give_space_back(struct db *db, bool *ret_more, struct err *e)
{
	int64_t free_pages, pages, too_many;
	char sql[64];

	if (db_exec_int(db, "PRAGMA freelist_count", &free_pages, e) != 0
	    || db_exec_int(db, "PRAGMA page_count", &pages, e) != 0)
		return -1;
	too_many = free_pages - pages / PURGE_FREE_SHARE - PURGE_FREE_PAGES;
	*ret_more = too_many > PURGE_VACUUM_PAGES;
	if (too_many <= 0)
		return 0;
	if (too_many > PURGE_VACUUM_PAGES)
		too_many = PURGE_VACUUM_PAGES;
	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA incremental_vacuum(%d)", (int)too_many);
	return db_exec(db, sql, e);
}

static void
count_only(struct outbox_purge *purge, const struct victims *s)
{
	for (size_t i = 0; i < s->n; i++) {
		purge->n_payloads += s->victim[i].has_payload;
		purge->n_rows += s->victim[i].rows;
	}
}

static int
purge_one_step(
    struct db *db, struct outbox_purge *purge, struct victims *s, int64_t now, struct err *e)
{
	if (scan(db, purge, s, e) != 0)
		return -1;
	if (purge->dry_run) {
		count_only(purge, s);
	} else if (s->n > 0) {
		if (archive(db, purge, s, now, e) != 0 || drop_all(db, purge, s, e) != 0
		    || note_operation(db, purge, now, e) != 0)
			return -1;
	}
	purge->after_event_id = s->last_id > 0 ? s->last_id : purge->after_event_id;
	purge->scanned = s->end;
	purge->more = !purge->scanned || !purge->dry_run;
	return 0;
}

int
purge_step(struct db *db, struct outbox_purge *purge, int64_t now, struct err *e)
{
	struct victims *s;
	int rc;

	if (purge->scanned)
		return give_space_back(db, &purge->more, e);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_nomem(e);
	rc = purge_one_step(db, purge, s, now, e);
	free(s);
	return rc;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	return purge_step(t->db, (struct outbox_purge *)msg, t->now, e);
}

const struct message_kind outbox_purge_kind = {
	.name = "purge",
	.apply = apply,
	.events = MESSAGE_STEP_EVENTS,
};
