/*
 * Loads rows whose values come one by one, from a file that SQLite did not read. Thread of the
 * connection.
 */
#ifndef OUTBOX_FILE_LOADER_H
#define OUTBOX_FILE_LOADER_H

#include "outbox/file/query.h"

struct db;
struct sqlite3_stmt;

struct loader {
	struct db *db;
	struct sqlite3_stmt *stmt;
};

enum loaded {
	LOADED,        /* a row was stored */
	LOADED_BEFORE, /* a row with this key was there */
	LOADED_NOTHING /* the statement stored nothing, or the table does not allow the row */
};

/* The parameters of the INSERT are ?1, ?2, ... */
int loader_open(struct loader *l, struct db *db, const char *insert, struct err *e);
/* Returns an enum loaded, or -1. */
int loader_add(struct loader *l, const struct query_value *values, size_t n, struct err *e);
void loader_close(struct loader *l);

#endif
