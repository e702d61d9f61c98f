#include "outbox/steer.h"

#include "outbox/db.h"
#include "outbox/filter.h"
#include "outbox/operation.h"

static const char *const names[] = {
	[STEER_PAUSE] = "pause",
	[STEER_RESUME] = "resume",
	[STEER_FLUSH] = "flush",
};

const char *
steer_verb_name(enum steer_verb verb)
{
	return names[verb];
}

int
steer_verb_parse(struct slice name, enum steer_verb *ret_verb)
{
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_equals(name, slice_from(names[i]))) {
			*ret_verb = (enum steer_verb)i;
			return 0;
		}
	return -1;
}

/* How many sites of the name there are, all of them for none. */
static int
mark_sites(struct db *db, struct outbox_steer *steer, int64_t now, struct err *e)
{
	bool pause = steer->verb == STEER_PAUSE;
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_PAUSE, e);

	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, slice_from(steer->site));
	db_bind_int_or_null(stmt, 2, now, pause);
	db_bind_text(stmt, 3, pause ? slice_from(steer->actor) : SLICE_NONE);
	db_bind_text(stmt, 4, pause ? slice_from(steer->note) : SLICE_NONE);
	if (db_run(db, stmt, e) != 0)
		return -1;
	steer->n_sites = sqlite3_changes64(db->handle);
	return 0;
}

static int
count_sites(struct db *db, struct outbox_steer *steer, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_COUNT, e);

	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, slice_from(steer->site));
	if (db_step(db, stmt, e) != 1)
		return -1;
	steer->n_sites = db_int(stmt, 0);
	steer->n_paused = db_int(stmt, 1);
	db_done(stmt);
	return 0;
}

static int
hurry_events(struct db *db, const struct outbox_steer *steer, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(db, STMT_SITE_HURRY, e);

	if (stmt == NULL)
		return -1;
	db_bind_text(stmt, 1, slice_from(steer->site));
	db_bind_int(stmt, 2, STEER_FLUSH_MAX);
	return db_run(db, stmt, e);
}

static int
write_operation(struct db *db, struct outbox_steer *steer, int64_t now, struct err *e)
{
	struct operation_row row = {
		.at = now,
		.actor = steer->actor,
		.verb = steer_verb_name(steer->verb),
		.note = steer->note,
	};
	struct outbox_filter filter;
	struct buf json;
	int rc = 0;

	outbox_filter_init(&filter);
	filter.all = steer->site == NULL;
	if (steer->site != NULL)
		rc = outbox_filter_set_text(&filter, FILTER_SITE, steer->site, e);
	buf_init(&json, FILTER_MAX_JSON);
	outbox_filter_to_json(&filter, &json);
	if (rc == 0 && json.failed)
		rc = err_nomem(e);
	row.filter = buf_slice(&json);
	if (rc == 0)
		rc = operation_begin(db, &row, &steer->operation_id, e);
	buf_free(&json);
	outbox_filter_free(&filter);
	return rc;
}

int
steer_apply(struct db *db, struct outbox_steer *steer, int64_t now, struct err *e)
{
	int rc;

	rc = steer->verb == STEER_FLUSH ? count_sites(db, steer, e) : mark_sites(db, steer, now, e);
	if (rc != 0)
		return -1;
	if (steer->n_sites == 0)
		return steer->site == NULL
			   ? err_set(e, ERR_NOTFOUND, "there is no site yet")
			   : err_set(e, ERR_NOTFOUND, "no site is called \"%.64s\"", steer->site);
	if (steer->verb != STEER_PAUSE && hurry_events(db, steer, e) != 0)
		return -1;
	return write_operation(db, steer, now, e);
}
