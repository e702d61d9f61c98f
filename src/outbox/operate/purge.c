/*
 * Retention. A step reads events in the order of ids, but no spans that stay as they are, collects
 * the events that lose their body or all their rows, archives them, and removes them. After the
 * last row, further steps return free pages to the file system. When the archive fails nothing is
 * removed (ERR_STATE).
 */
#include "outbox/operate/purge.h"

#include <stdio.h>
#include <stdlib.h>

#include "outbox/file/db.h"
#include "outbox/lines/archive.h"
#include "outbox/lines/export_line.h"
#include "outbox/message_kind.h"
#include "outbox/operate/operation_row.h"
#include "outbox/write/message_blocks.h"
#include "outbox/write/store.h"

#define ATTEMPTS_MAX 4096         /* attempts that one step checks for remaining events */
#define ARCHIVE_BYTES (64u << 20) /* maximum bytes of lines of one step */
#define ARCHIVE_ENOUGH (8u << 20) /* bytes after which the step takes no further event */

/* What is removed from one event. */
struct victim {
	int64_t event_id;
	int64_t site_id;
	bool rows; /* all its rows, not only the body */
	bool has_payload;
	bool excepted; /* the event has a row in delivery */
	int64_t received_at;
};

struct victims {
	struct victim victim[PURGE_STEP];
	size_t n;
	int64_t last_id; /* the last row that was read */
	bool end;        /* there are no more rows */
};

/* ---- what to remove
 * ------------------------------------------------------------------------------- */

static bool
is_before(int64_t settled_at, int64_t limit)
{
	return limit != PURGE_NEVER && settled_at < limit;
}

static void
weigh_row(
    const struct stmt_purge_scan_row *row, const struct purge_limits *limits, struct victims *s)
{
	enum event_status status;
	bool rows, payload;

	s->last_id = row->event_id;
	if (!row->settled_at.there || status_parse(row->status, &status) != 0
	    || status == STATUS_PENDING)
		return;
	rows = is_before(row->settled_at.value, limits->rows_before[status]);
	payload =
	    !row->payload_gone && is_before(row->settled_at.value, limits->payload_before[status]);
	if (rows || payload)
		s->victim[s->n++] = (struct victim){
			.event_id = row->event_id,
			.site_id = row->site_id,
			.rows = rows,
			.has_payload = !row->payload_gone,
			.excepted = row->excepted,
			.received_at = row->received_at,
		};
}

/* Finds where to read on: a pass reads neither pending spans nor those that are to stay whole. */
static int
find_next(struct db *db, const struct outbox_purge *purge, int64_t *ret_event_id, struct err *e)
{
	int64_t payload = purge->limits->payload_before[STATUS_DELIVERED];
	int64_t rows = purge->limits->rows_before[STATUS_DELIVERED];
	const struct stmt_purge_next in = {
		.after = purge->after_event_id,
		.before = payload > rows ? payload : rows,
	};

	return stmt_purge_next(db, &in, ret_event_id, e) == 1 ? 0 : -1;
}

static int
scan(struct db *db, const struct outbox_purge *purge, size_t most, struct victims *s, struct err *e)
{
	struct stmt_purge_scan_row row;
	struct db_rows rows;
	int looked = 0, rc = 1;
	int64_t next;

	if (find_next(db, purge, &next, e) != 0)
		return -1;
	s->end = next == 0;
	if (s->end)
		return 0;
	rows = stmt_purge_scan(db, next - 1, e);
	while (looked++ < PURGE_SCAN && s->n < most
	       && (rc = stmt_purge_scan_next(&rows, &row, e)) == 1)
		weigh_row(&row, purge->limits, s);
	db_rows_end(&rows);
	s->end = rc == 0;
	return rc < 0 ? -1 : 0;
}

/* ---- removing it ---------------------------------------------------------------------------- */

/*
 * Records that the event no longer needs its envelope, and removes an envelope that no event needs.
 */
static int
leave_envelope(struct db *db, const struct victim *v, struct err *e)
{
	if (stmt_purge_leave_envelope(db,
		&(struct stmt_purge_leave_envelope){
		    .event_id = v->event_id,
		    .payloads = v->has_payload,
		    .rows = v->rows,
		},
		e)
	    != 0)
		return -1;
	return v->rows ? stmt_purge_empty_envelope(db, v->event_id, e) : 0;
}

static int
drop_payload(struct db *db, const struct victim *v, struct err *e)
{
	if (stmt_purge_body(db, v->event_id, e) != 0)
		return -1;
	return v->excepted ? stmt_purge_ids(db, v->event_id, e) : 0;
}

/*
 * The attempts of removed events. At its end the step removes the attempts that have no event left.
 */
struct attempts_left {
	int64_t id[ATTEMPTS_MAX];
	size_t n;
};

static int
note_attempts(struct db *db, int64_t event_id, struct attempts_left *left, struct err *e)
{
	struct db_rows rows = stmt_purge_attempts_of(db, event_id, e);
	int64_t id;
	int rc;

	while ((rc = stmt_purge_attempts_of_next(&rows, &id, e)) == 1) {
		/*
		 * Neighboring events usually share attempts. When the array is full, the attempt's
		 * row stays, which costs only one row.
		 */
		if (left->n < ATTEMPTS_MAX && (left->n == 0 || left->id[left->n - 1] != id))
			left->id[left->n++] = id;
	}
	return rc;
}

static int
drop_rows(struct db *db, const struct victim *v, struct attempts_left *left, struct err *e)
{
	const struct stmt_site_count_add delivered = {
		.site_id = v->site_id,
		.status = status_name(STATUS_DELIVERED),
		.added = -1,
	};

	if (note_attempts(db, v->event_id, left, e) != 0)
		return -1;
	if (v->excepted) {
		if (stmt_purge_members(db, v->event_id, e) != 0
		    || stmt_purge_delivery(db, v->event_id, e) != 0)
			return -1;
	} else if (stmt_site_count_add(db, &delivered, e) != 0) {
		return -1;
	}
	return stmt_purge_event(db, v->event_id, e);
}

static int
drop_empty_attempts(struct db *db, const struct attempts_left *left, struct err *e)
{
	int64_t last = 0;

	for (size_t i = 0; i < left->n; i++) {
		if (stmt_purge_empty_spans(db, left->id[i], e) != 0
		    || stmt_purge_empty_attempt(db, left->id[i], e) != 0)
			return -1;
		if (db_changes(db) > 0 && left->id[i] > last)
			last = left->id[i];
	}
	return last == 0 ? 0 : stmt_purge_note_attempt(db, last, e);
}

/* Removes the rows of boxes' requests whose events are all gone. */
static int
forget_requests(struct db *db, int64_t first, int64_t last, struct err *e)
{
	const struct stmt_purge_note_claims claims = {
		.first_event_id = first,
		.last_event_id = last,
	};
	const struct stmt_purge_via via = {
		.first_event_id = first,
		.last_event_id = last,
	};

	return stmt_purge_note_claims(db, &claims, e) == 0 ? stmt_purge_via(db, &via, e) : -1;
}

/* Records which rows are gone, for ids, duplicate detection and the blocks of messageIds. */
static int
forget_rows(struct db *db, const struct victims *s, struct err *e)
{
	int64_t changed = 0, first = 0, last = 0, received_at = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (!s->victim[i].rows)
			continue;
		last = s->victim[i].event_id;
		first = first == 0 ? last : first;
		if (s->victim[i].received_at > received_at)
			received_at = s->victim[i].received_at;
		if (message_blocks_change(db, &changed, last, e) != 0)
			return -1;
	}
	/* The duplicate detection drops its entries of these events when it meets them. */
	if (last != 0
	    && (stmt_purge_note_event(db, last, e) != 0
		|| stmt_purge_note_receipt(db, received_at, e) != 0
		|| forget_requests(db, first, last, e) != 0))
		return -1;
	return message_blocks_change(db, &changed, 0, e);
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
	if (rc == 0)
		rc = forget_rows(db, s, e);
	free(left);
	return rc;
}

/* ---- the archive ---------------------------------------------------------------------------- */

/* Ends the step early once its lines are large enough. */
static int
write_lines(struct db *db, struct victims *s, struct buf *lines, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct victim *v = &s->victim[i];

		/* The archive already has an event whose body was removed earlier. */
		if (v->has_payload && export_line_append(db, v->event_id, lines, e) < 0)
			return -1;
		if (lines->n >= ARCHIVE_ENOUGH && i + 1 < s->n) {
			s->n = i + 1;
			s->last_id = v->event_id;
			s->end = false;
		}
	}
	return 0;
}

/*
 * Archives the events to remove. ERR_STATE when the archive cannot be written: only this message
 * then fails, not the whole transaction.
 */
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

/*
 * Returns pages to the file system while more are free than new events need, and while that
 * succeeds: SQLite returns none in a file that was made without incremental vacuum.
 */
static int
give_space_back(struct db *db, bool tight, bool *ret_more, struct err *e)
{
	int64_t free_pages, pages, too_many, left;
	char sql[64];

	if (db_exec_int(db, "PRAGMA freelist_count", &free_pages, e) != 0
	    || db_exec_int(db, "PRAGMA page_count", &pages, e) != 0)
		return -1;
	too_many = free_pages - pages / PURGE_FREE_SHARE - PURGE_FREE_PAGES;
	*ret_more = false;
	/* The outbox gives back all free pages of a full disk by itself (free_space.c). */
	if (too_many <= 0 || tight)
		return 0;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)",
	    (int)(too_many < PURGE_VACUUM_PAGES ? too_many : PURGE_VACUUM_PAGES));
	if (db_exec(db, sql, e) != 0 || db_exec_int(db, "PRAGMA freelist_count", &left, e) != 0)
		return -1;
	*ret_more = too_many > PURGE_VACUUM_PAGES && left < free_pages;
	return 0;
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
purge_one_step(struct db *db, struct outbox_purge *purge, size_t most, struct victims *s,
    int64_t now, struct err *e)
{
	if (scan(db, purge, most, s, e) != 0)
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
purge_step(struct db *db, struct outbox_purge *purge, bool tight, int64_t now, struct err *e)
{
	struct victims *s;
	int rc;

	if (purge->scanned)
		return give_space_back(db, tight, &purge->more, e);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_nomem(e);
	rc = purge_one_step(db, purge, tight ? PURGE_STEP_TIGHT : PURGE_STEP, s, now, e);
	free(s);
	return rc;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	struct outbox_purge *purge = (struct outbox_purge *)msg;

	if (purge_step(t->db, purge, t->space == SPACE_RECORD, t->now, e) != 0)
		return -1;
	message_blocks_forget(&t->store->blocks, purge->after_event_id);
	return 0;
}

const struct message_kind outbox_purge_kind = {
	.name = "purge",
	.apply = apply,
	.events = MESSAGE_STEP_EVENTS,
};
