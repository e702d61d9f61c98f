/*
 * Binds the values of a row to an INSERT and runs it. What a constraint refuses is an answer and
 * not an error.
 */
#include "outbox/file/loader.h"

#include <sqlite3.h>

#include "outbox/file/db.h"

int
loader_open(struct loader *l, struct db *db, const char *insert, struct err *e)
{
	l->db = db;
	return sqlite3_prepare_v2(db->handle, insert, -1, &l->stmt, NULL) == SQLITE_OK
		   ? 0
		   : db_error(db, e, "database");
}

static int
bind(struct loader *l, int at, const struct query_value *v)
{
	switch (v->type) {
	case QUERY_INTEGER:
		return sqlite3_bind_int64(l->stmt, at, v->integer);
	case QUERY_REAL:
		return sqlite3_bind_double(l->stmt, at, v->real);
	case QUERY_TEXT:
		return sqlite3_bind_text64(
		    l->stmt, at, v->bytes.p, v->bytes.n, SQLITE_STATIC, SQLITE_UTF8);
	case QUERY_BLOB:
		return sqlite3_bind_blob64(l->stmt, at, v->bytes.p, v->bytes.n, SQLITE_STATIC);
	case QUERY_NULL:
		break;
	}
	return sqlite3_bind_null(l->stmt, at);
}

int
loader_add(struct loader *l, const struct query_value *values, size_t n, struct err *e)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < n; i++)
		rc = bind(l, (int)i + 1, &values[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(l->stmt);
	if (rc != SQLITE_DONE && (rc & 0xff) != SQLITE_CONSTRAINT) {
		db_error(l->db, e, "database");
		sqlite3_reset(l->stmt);
		return -1;
	}
	sqlite3_reset(l->stmt);
	if (rc == SQLITE_DONE)
		return sqlite3_changes(l->db->handle) > 0 ? LOADED : LOADED_NOTHING;
	return rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_ROWID
		       || rc == SQLITE_CONSTRAINT_UNIQUE
		   ? LOADED_BEFORE
		   : LOADED_NOTHING;
}

void
loader_close(struct loader *l)
{
	sqlite3_finalize(l->stmt);
	l->stmt = NULL;
}
