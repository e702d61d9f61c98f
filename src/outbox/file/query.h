/*
 * Runs one SQL query of a person. The query can only read, and it ends when its time is over. Runs
 * on the thread of the connection.
 */
#ifndef OUTBOX_FILE_QUERY_H
#define OUTBOX_FILE_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct db;

enum query_type { QUERY_NULL, QUERY_INTEGER, QUERY_REAL, QUERY_TEXT, QUERY_BLOB };

struct query_value {
	enum query_type type;
	int64_t integer;
	double real;
	struct slice bytes; /* a blob's bytes; for any other value its text; absent for NULL */
};

/* Receives the result. Values are valid during the call. */
struct query_sink {
	/* NULL, or called once, before the first row, and also without any row. -1 with e set ends
	 * the query, from row() too. */
	int (*columns)(void *arg, const char *const *names, size_t n, struct err *e);
	int (*row)(void *arg, const struct query_value *values, size_t n, struct err *e);
	void *arg;
};

#define QUERY_COLUMNS_MAX 200

/*
 * Runs one statement. ERR_INPUT: it is wrong, not exactly one statement, or does more than read.
 * ERR_LIMIT: it took longer than timeout_ms (monotonic). A read transaction stays open during the
 * call, so the sink must not block.
 */
int query_run(struct db *db, const char *sql, int64_t timeout_ms, const struct query_sink *sink,
    struct err *e);

#endif
