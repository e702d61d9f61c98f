/*
 * Runs a person's query. An authorizer allows reading only, and a progress handler checks the time.
 * A mistake in the query, an attempt to write and a query that takes too long are errors for that
 * person; the connection remains usable.
 */
#include "outbox/file/query.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "outbox/file/db.h"

#define LOOK_EVERY 10000 /* SQLite instructions between two checks of the time */

struct query {
	struct db *db;
	int64_t deadline; /* mono ms */
	int64_t timeout_ms;
	const struct query_sink *sink;
	size_t n_columns;
};

/* ---- what is allowed ------------------------------------------------------------------------- */

static bool
is_one_of(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; word != NULL && i < n; i++)
		if (sqlite3_stricmp(word, words[i]) == 0)
			return true;
	return false;
}

static int
authorize(void *arg, int action, const char *first, const char *second, const char *database,
    const char *trigger)
{
	/* With an argument, the last three would set something. */
	static const char *const looks[] = { "table_info", "table_xinfo", "table_list",
		"index_list", "index_info", "index_xinfo", "page_count", "freelist_count",
		"integrity_check", "quick_check", "page_size", "user_version", "application_id" };
	const size_t n = sizeof(looks) / sizeof(*looks);

	(void)arg;
	(void)database;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return second != NULL && sqlite3_stricmp(second, "load_extension") == 0
			   ? SQLITE_DENY
			   : SQLITE_OK;
	case SQLITE_PRAGMA:
		return is_one_of(first, looks, second == NULL ? n : n - 3) ? SQLITE_OK
									   : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

static int
is_over_time(void *arg)
{
	const struct query *q = arg;

	return clock_mono(&clock_system) >= q->deadline;
}

/* ---- running --------------------------------------------------------------------------------- */

/* Sets the error for a wrong statement; for an unknown table the text lists the views. */
static int
refuse(struct query *q, struct err *e)
{
	const char *views = "SELECT group_concat(name, ', ') FROM sqlite_master"
			    " WHERE type = 'view' AND name <> 'state'";
	sqlite3_stmt *stmt = NULL;
	char text[200];

	snprintf(text, sizeof(text), "%s", sqlite3_errmsg(q->db->handle));
	err_set(e, ERR_INPUT, "%s", text);
	if (strncmp(text, "no such table", 13) == 0
	    && sqlite3_prepare_v2(q->db->handle, views, -1, &stmt, NULL) == SQLITE_OK
	    && sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL)
		err_set(e, ERR_INPUT, "%s; the views are %s", text,
		    (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_finalize(stmt);
	return -1;
}

static int
fail(struct query *q, int rc, struct err *e)
{
	if ((rc & 0xff) == SQLITE_INTERRUPT)
		return err_set(e, ERR_LIMIT,
		    "the query took longer than %lld ms: narrow it, or give it more with --timeout",
		    (long long)q->timeout_ms);
	if ((rc & 0xff) == SQLITE_AUTH
	    || strncmp(sqlite3_errmsg(q->db->handle), "not authorized", 14) == 0)
		return err_set(
		    e, ERR_INPUT, "only reading is allowed (%s)", sqlite3_errmsg(q->db->handle));
	if ((rc & 0xff) == SQLITE_ERROR)
		return refuse(q, e);
	return db_error(q->db, e, "query");
}

static int
send_columns(struct query *q, sqlite3_stmt *stmt, struct err *e)
{
	const char *names[QUERY_COLUMNS_MAX];

	q->n_columns = (size_t)sqlite3_column_count(stmt);
	if (q->n_columns > QUERY_COLUMNS_MAX)
		return err_set(e, ERR_INPUT, "more than %d columns", QUERY_COLUMNS_MAX);
	if (q->sink->columns == NULL)
		return 0;
	for (size_t i = 0; i < q->n_columns; i++) {
		names[i] = sqlite3_column_name(stmt, (int)i);
		if (names[i] == NULL)
			return err_nomem(e);
	}
	return q->sink->columns(q->sink->arg, names, q->n_columns, e);
}

/* Returns -1 without memory for the bytes. Only those of an empty blob are absent otherwise. */
static int
read_value(sqlite3_stmt *stmt, int column, struct query_value *v)
{
	static const enum query_type types[] = {
		[SQLITE_INTEGER] = QUERY_INTEGER,
		[SQLITE_FLOAT] = QUERY_REAL,
		[SQLITE_TEXT] = QUERY_TEXT,
		[SQLITE_BLOB] = QUERY_BLOB,
		[SQLITE_NULL] = QUERY_NULL,
	};

	bool has_bytes;

	*v = (struct query_value){ .type = types[sqlite3_column_type(stmt, column)] };
	if (v->type == QUERY_INTEGER)
		v->integer = sqlite3_column_int64(stmt, column);
	if (v->type == QUERY_REAL)
		v->real = sqlite3_column_double(stmt, column);
	if (v->type == QUERY_BLOB)
		v->bytes.p = sqlite3_column_blob(stmt, column);
	else if (v->type != QUERY_NULL)
		v->bytes.p = (const char *)sqlite3_column_text(stmt, column);
	has_bytes =
	    v->type == QUERY_BLOB ? sqlite3_column_bytes(stmt, column) > 0 : v->type != QUERY_NULL;
	if (v->bytes.p == NULL)
		return has_bytes ? -1 : 0;
	v->bytes.n = (size_t)sqlite3_column_bytes(stmt, column);
	return 0;
}

static int
send_rows(struct query *q, sqlite3_stmt *stmt, struct err *e)
{
	struct query_value values[QUERY_COLUMNS_MAX];
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (size_t i = 0; i < q->n_columns; i++)
			if (read_value(stmt, (int)i, &values[i]) != 0)
				return err_nomem(e);
		if (q->sink->row(q->sink->arg, values, q->n_columns, e) != 0)
			return -1;
		if (is_over_time(q))
			return fail(q, SQLITE_INTERRUPT, e);
	}
	return rc == SQLITE_DONE ? 0 : fail(q, rc, e);
}

/* Checks that only blanks, comments and semicolons follow. */
static int
check_rest(struct query *q, const char *rest, struct err *e)
{
	sqlite3_stmt *more = NULL;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && more == NULL && *rest != '\0')
		rc = sqlite3_prepare_v2(q->db->handle, rest, -1, &more, &rest);
	sqlite3_finalize(more);
	return rc == SQLITE_OK && more == NULL
		   ? 0
		   : err_set(
		       e, ERR_INPUT, "only one statement is allowed: more text follows the first");
}

static int
run(struct query *q, const char *sql, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	const char *rest = sql;
	int rc = sqlite3_prepare_v2(q->db->handle, sql, -1, &stmt, &rest);

	if (rc != SQLITE_OK)
		return fail(q, rc, e);
	if (stmt == NULL)
		return err_set(e, ERR_INPUT, "the text contains no SQL statement");
	rc = check_rest(q, rest, e);
	if (rc == 0)
		rc = send_columns(q, stmt, e);
	if (rc == 0)
		rc = send_rows(q, stmt, e);
	sqlite3_finalize(stmt);
	return rc;
}

int
query_run(struct db *db, const char *sql, int64_t timeout_ms, const struct query_sink *sink,
    struct err *e)
{
	struct query q = {
		.db = db,
		.deadline = clock_mono(&clock_system) + timeout_ms,
		.timeout_ms = timeout_ms,
		.sink = sink,
	};
	int rc;

	sqlite3_set_authorizer(db->handle, authorize, NULL);
	sqlite3_progress_handler(db->handle, LOOK_EVERY, is_over_time, &q);
	rc = run(&q, sql, e);
	sqlite3_progress_handler(db->handle, 0, NULL, NULL);
	sqlite3_set_authorizer(db->handle, NULL, NULL);
	return rc;
}
