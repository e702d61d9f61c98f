/*
 * Binds and reads each type of schema/statements/, for the generated code. Texts are borrowed until
 * the statement is reset. The results of binding are not checked: it fails for an unknown parameter
 * and for a running statement, which are mistakes that tests find, and for a text of 1 GB, which
 * exceeds every limit of this program.
 */
#ifndef OUTBOX_FILE_BIND_PRIVATE_H
#define OUTBOX_FILE_BIND_PRIVATE_H

#include <sqlite3.h>

#include "outbox/file/rows.h"

static inline void
bind_int(sqlite3_stmt *stmt, int at, int64_t value)
{
	sqlite3_bind_int64(stmt, at, value);
}

static inline void
bind_maybe(sqlite3_stmt *stmt, int at, struct db_int value)
{
	if (value.there)
		sqlite3_bind_int64(stmt, at, value.value);
	else
		sqlite3_bind_null(stmt, at);
}

static inline void
bind_bool(sqlite3_stmt *stmt, int at, bool value)
{
	sqlite3_bind_int(stmt, at, value);
}

static inline void
bind_text(sqlite3_stmt *stmt, int at, struct slice value)
{
	/* SQLite binds NULL where the pointer is NULL. */
	sqlite3_bind_text64(stmt, at, value.p, value.n, SQLITE_STATIC, SQLITE_UTF8);
}

static inline void
bind_string(sqlite3_stmt *stmt, int at, const char *value)
{
	sqlite3_bind_text(stmt, at, value, -1, SQLITE_STATIC);
}

static inline void
bind_blob(sqlite3_stmt *stmt, int at, struct slice value)
{
	sqlite3_bind_blob64(stmt, at, value.p, value.n, SQLITE_STATIC);
}

static inline int64_t
column_int(sqlite3_stmt *stmt, int at)
{
	return sqlite3_column_int64(stmt, at);
}

static inline struct db_int
column_maybe(sqlite3_stmt *stmt, int at)
{
	return db_int_if(
	    sqlite3_column_type(stmt, at) != SQLITE_NULL, sqlite3_column_int64(stmt, at));
}

static inline bool
column_bool(sqlite3_stmt *stmt, int at)
{
	return sqlite3_column_int(stmt, at) != 0;
}

static inline struct slice
column_text(sqlite3_stmt *stmt, int at)
{
	const char *p = (const char *)sqlite3_column_text(stmt, at);

	return (struct slice){ p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, at) };
}

static inline struct slice
column_blob(sqlite3_stmt *stmt, int at)
{
	const char *p = sqlite3_column_blob(stmt, at);

	return (struct slice){ p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, at) };
}

#endif
