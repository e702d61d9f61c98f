/*
 * Binds and reads each type of schema/statements/, for the generated code. Texts are borrowed until
 * the statement is reset. A parameter that cannot be bound would keep its last value, and a text
 * without memory looks like NULL, so the generated code checks both.
 */
#ifndef OUTBOX_FILE_BIND_PRIVATE_H
#define OUTBOX_FILE_BIND_PRIVATE_H

#include <sqlite3.h>

#include "outbox/file/rows.h"

static inline int
bind_int(sqlite3_stmt *stmt, int at, int64_t value)
{
	return sqlite3_bind_int64(stmt, at, value);
}

static inline int
bind_maybe(sqlite3_stmt *stmt, int at, struct db_int value)
{
	return value.there ? sqlite3_bind_int64(stmt, at, value.value)
			   : sqlite3_bind_null(stmt, at);
}

static inline int
bind_bool(sqlite3_stmt *stmt, int at, bool value)
{
	return sqlite3_bind_int(stmt, at, value);
}

static inline int
bind_text(sqlite3_stmt *stmt, int at, struct slice value)
{
	/* SQLite binds NULL where the pointer is NULL. */
	return sqlite3_bind_text64(stmt, at, value.p, value.n, SQLITE_STATIC, SQLITE_UTF8);
}

static inline int
bind_string(sqlite3_stmt *stmt, int at, const char *value)
{
	return sqlite3_bind_text(stmt, at, value, -1, SQLITE_STATIC);
}

static inline int
bind_blob(sqlite3_stmt *stmt, int at, struct slice value)
{
	return sqlite3_bind_blob64(stmt, at, value.p, value.n, SQLITE_STATIC);
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
column_text(sqlite3_stmt *stmt, int at, bool *lacks)
{
	const char *p = (const char *)sqlite3_column_text(stmt, at);

	if (p == NULL && sqlite3_column_type(stmt, at) != SQLITE_NULL)
		*lacks = true;
	return (struct slice){ p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, at) };
}

static inline struct slice
column_blob(sqlite3_stmt *stmt, int at, bool *lacks)
{
	const char *p = sqlite3_column_blob(stmt, at);

	/* An empty blob is NULL, too. */
	if (p == NULL && sqlite3_column_bytes(stmt, at) != 0)
		*lacks = true;
	return (struct slice){ p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, at) };
}

#endif
