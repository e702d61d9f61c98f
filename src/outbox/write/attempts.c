/*
 * Attempts: one row for a request, rows for its members, its end, and what that means for the
 * members and the site. An attempt cannot begin when one of its events is not pending any more, and
 * cannot end twice.
 */
#include "outbox/write/attempts.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"

static int
find_mapping(struct db *db, struct slice settings, int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_MAPPING_ID, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, settings);
	rc = db_step(db, stmt, e);
	if (rc == 1)
		*ret_id = db_int(stmt, 0);
	db_done(stmt);
	return rc;
}

static int
note_mapping(struct db *db, struct slice settings, int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *stmt;
	int rc = find_mapping(db, settings, ret_id, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	stmt = db_stmt(db, STMT_MAPPING_ADD, e);
	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, settings);
	if (db_run(db, stmt, e) != 0)
		return -1;
	return find_mapping(db, settings, ret_id, e) == 1 ? 0 : -1;
}

static int
add_members(struct db *db, const struct outbox_attempt_begin *begin, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_ATTEMPT_EVENT_ADD, e);

	if (stmt == NULL)
		return -1;
	for (size_t i = 0; i < begin->n_events; i++) {
		db_bind_int(stmt, 1, begin->event_ids[i]);
		db_bind_int(stmt, 2, begin->attempt_id);
		if (db_run(db, stmt, e) != 0)
			return -1;
	}
	return 0;
}

/* An operator may have taken one away since the batch was read: nothing of it may go out then. */
static int
check_members(struct db *db, const struct outbox_attempt_begin *begin, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_ATTEMPT_MEMBER, e);
	int rc;

	if (stmt == NULL)
		return -1;
	for (size_t i = 0; i < begin->n_events; i++) {
		db_bind_int(stmt, 1, begin->event_ids[i]);
		rc = db_step(db, stmt, e);
		if (rc < 0)
			return -1;
		db_done(stmt);
		if (rc == 0)
			return err_set(e, ERR_STATE, "event %lld waits no longer",
			    (long long)begin->event_ids[i]);
	}
	return 0;
}

static int
begin_attempt(struct db *db, struct outbox_attempt_begin *begin, struct err *e)
{
	sqlite3_stmt *stmt;
	int64_t mapping_id = 0;

	if (check_members(db, begin, e) != 0
	    || note_mapping(db, begin->mapping, &mapping_id, e) != 0)
		return -1;
	stmt = db_stmt(db, STMT_ATTEMPT_ADD, e);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, begin->site_id);
	db_bind_int(stmt, 2, mapping_id);
	db_bind_int(stmt, 3, begin->started_at);
	db_bind_int(stmt, 4, (int64_t)begin->n_events);
	db_bind_int(stmt, 5, (int64_t)begin->n_bytes);
	db_bind_int(stmt, 6, begin->event_ids[0]);
	db_bind_int(stmt, 7, begin->event_ids[begin->n_events - 1]);
	db_bind_text(stmt, 8, slice_from(bento_endpoint_name(begin->endpoint)));
	if (db_run(db, stmt, e) != 0)
		return -1;
	begin->attempt_id = sqlite3_last_insert_rowid(db->handle);
	return add_members(db, begin, e);
}

static int
write_end(struct db *db, const struct outbox_attempt_end *end, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_ATTEMPT_END, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, end->attempt_id);
	db_bind_int(stmt, 2, end->finished_at);
	db_bind_int(stmt, 3, end->duration_ms);
	db_bind_int_or_null(stmt, 4, end->http_status, end->http_status != 0);
	db_bind_text(stmt, 5, slice_from(outcome_name(end->outcome)));
	db_bind_text(stmt, 6, end->error);
	db_bind_text(stmt, 7, end->response);
	if (db_run(db, stmt, e) != 0)
		return -1;
	if (sqlite3_changes(db->handle) == 0)
		return err_set(
		    e, ERR_STATE, "attempt %lld already has an end", (long long)end->attempt_id);
	return 0;
}

static int
count_delivered(struct db *db, int64_t site_id, int64_t n, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_DELIVERED, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	db_bind_int(stmt, 2, n);
	return db_run(db, stmt, e);
}

static int
deliver_members(struct db *db, const struct outbox_attempt_end *end, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_DELIVERY_DELIVERED, e);
	int64_t n = 0;

	if (stmt == NULL)
		return -1;
	for (size_t i = 0; i < end->n_events; i++) {
		db_bind_int(stmt, 1, end->event_ids[i]);
		db_bind_int(stmt, 2, end->finished_at);
		db_bind_int(stmt, 3, end->attempt_id);
		if (db_run(db, stmt, e) != 0)
			return -1;
		n += sqlite3_changes(db->handle);
	}
	return count_delivered(db, end->site_id, n, e);
}

static int
update_members(struct db *db, const struct outbox_attempt_end *end, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_DELIVERY_ATTEMPTED, e);
	bool settled = end->status != STATUS_PENDING;

	if (stmt == NULL)
		return -1;
	for (size_t i = 0; i < end->n_events; i++) {
		db_bind_int(stmt, 1, end->event_ids[i]);
		db_bind_int(stmt, 2, end->attempt_id);
		db_bind_int(stmt, 3, end->maybe_sent);
		db_bind_int(stmt, 4, end->charge);
		db_bind_text(stmt, 5, slice_from(status_name(end->status)));
		db_bind_text(stmt, 6, slice_from(end->reason));
		db_bind_int_or_null(stmt, 7, end->finished_at, settled);
		db_bind_int(stmt, 8, settled ? 0 : end->next_attempt_at);
		db_bind_int_or_null(stmt, 9, end->max_batch, end->max_batch != 0);
		if (db_run(db, stmt, e) != 0)
			return -1;
	}
	return 0;
}

static int
finish_attempt(struct db *db, const struct outbox_attempt_end *end, struct err *e)
{
	if (write_end(db, end, e) != 0)
		return -1;
	if (end->status == STATUS_DELIVERED) {
		if (deliver_members(db, end, e) != 0)
			return -1;
	} else if (update_members(db, end, e) != 0) {
		return -1;
	}
	return sites_set_state(db, end->site_id, &end->site, e);
}

int
attempts_recover(struct db *db, int64_t now, int64_t *ret_recovered, struct err *e)
{
	sqlite3_stmt *stmt;
	int64_t open = 0;

	stmt = db_stmt(db, STMT_ATTEMPTS_OPEN, e);
	if (stmt == NULL || db_step(db, stmt, e) != 1)
		return -1;
	open = db_int(stmt, 0);
	db_done(stmt);
	*ret_recovered = open;
	if (open == 0)
		return 0;
	stmt = db_stmt(db, STMT_ATTEMPTS_OPEN_MEMBERS, e);
	if (stmt == NULL || db_run(db, stmt, e) != 0)
		return -1;
	stmt = db_stmt(db, STMT_ATTEMPTS_OPEN_END, e);
	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, now);
	return db_run(db, stmt, e);
}

/* ---- the messages --------------------------------------------------------------------------- */

static int
apply_begin(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	if (begin_attempt(t->db, (struct outbox_attempt_begin *)msg, e) != 0)
		return -1;
	t->counts.attempts++;
	return 0;
}

static int
apply_end(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	const struct outbox_attempt_end *end = (const struct outbox_attempt_end *)msg;

	if (finish_attempt(t->db, end, e) != 0)
		return -1;
	if (end->status == STATUS_DELIVERED)
		t->counts.delivered += end->n_events;
	return 0;
}

const struct message_kind outbox_attempt_begin_kind = {
	.name = "attempt begin",
	.apply = apply_begin,
	.events_at = offsetof(struct outbox_attempt_begin, n_events),
};

const struct message_kind outbox_attempt_end_kind = {
	.name = "attempt end",
	.apply = apply_end,
	.events_at = offsetof(struct outbox_attempt_end, n_events),
};
