/* The rows of the table `site`: adding a site, its state, and its count of delivered events. */
#include "outbox/write/sites.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"

static const char *
mode_name(enum outbox_site_mode mode)
{
	switch (mode) {
	case OUTBOX_SITE_READY:
		return "ready";
	case OUTBOX_SITE_BACKOFF:
		return "backoff";
	case OUTBOX_SITE_PAUSED:
		return "paused";
	}
	return "ready";
}

int
sites_find_or_add(struct db *db, const char *name, int64_t *ret_site_id, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_ADD, e);

	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, slice_from(name));
	if (db_run(db, stmt, e) != 0)
		return -1;
	stmt = db_stmt(db, STMT_SITE_ID, e);
	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, slice_from(name));
	if (db_step(db, stmt, e) != 1)
		return -1;
	*ret_site_id = db_int(stmt, 0);
	db_done(stmt);
	return 0;
}

int
sites_set_state(
    struct db *db, int64_t site_id, const struct outbox_site_state *state, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_STATE, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	db_bind_text(stmt, 2, slice_from(mode_name(state->mode)));
	db_bind_text(stmt, 3, state->reason[0] == '\0' ? SLICE_NONE : slice_from(state->reason));
	db_bind_int(stmt, 4, state->next_attempt_at);
	db_bind_int(stmt, 5, state->failures);
	db_bind_int_or_null(stmt, 6, (int64_t)state->byte_limit, state->byte_limit != 0);
	db_bind_int(stmt, 7, state->refused);
	return db_run(db, stmt, e);
}

int
sites_read_before(
    struct db *db, int64_t site_id, struct outbox_site_before *ret_before, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_BEFORE, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	if (db_step(db, stmt, e) != 1)
		return -1;
	*ret_before = (struct outbox_site_before){
		.paused = db_int(stmt, 0) != 0,
		.byte_limit = (size_t)db_int(stmt, 1),
		.refused = (unsigned)db_int(stmt, 2),
	};
	db_done(stmt);
	return 0;
}

int
sites_reset(struct db *db, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITES_RESET, e);

	return stmt == NULL ? -1 : db_run(db, stmt, e);
}

int
sites_count_delivered(struct db *db, int64_t event_id, int n, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_DELIVERED_EVENT, e);

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, event_id);
	db_bind_int(stmt, 2, n);
	return db_run(db, stmt, e);
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	const struct outbox_site_change *change = (const struct outbox_site_change *)msg;

	return sites_set_state(t->db, change->site_id, &change->site, e);
}

const struct message_kind outbox_site_change_kind = {
	.name = "site state",
	.apply = apply,
};
