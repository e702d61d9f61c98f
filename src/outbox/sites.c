#include "outbox/sites.h"

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
	return db_run(db, stmt, e);
}

int
sites_is_paused(struct db *db, int64_t site_id, bool *ret_paused, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_IS_PAUSED, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site_id);
	rc = db_step(db, stmt, e);
	if (rc < 0)
		return -1;
	*ret_paused = rc == 1 && db_int(stmt, 0) != 0;
	db_done(stmt);
	return 0;
}

int
sites_reset(struct db *db, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITES_RESET, e);

	return stmt == NULL ? -1 : db_run(db, stmt, e);
}
