/*
 * One question in SQL from a person, on the connection of an audit: it can read and nothing else,
 * and ends by itself.
 */
#ifndef OUTBOX_READ_SQL_H
#define OUTBOX_READ_SQL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "outbox/read/audit.h"

enum query_type { QUERY_NULL, QUERY_INTEGER, QUERY_REAL, QUERY_TEXT, QUERY_BLOB };

struct query_value {
	enum query_type type;
	int64_t integer;
	double real;
	struct slice bytes; /* of all but NULL and blobs the text; valid during the call */
};

struct query_sink {
	/* Once, before the first row, and also when there is none. -1 with e set ends the query. */
	int (*columns)(void *arg, const char *const *names, size_t n, struct err *e);
	int (*row)(void *arg, const struct query_value *values, size_t n, struct err *e);
	void *arg;
};

#define QUERY_COLUMNS_MAX 200

/*
 * Runs one statement. ERR_INPUT: it is wrong, is not one statement, or does something else than
 * read; ERR_LIMIT: it took longer than timeout_ms. A read transaction is open meanwhile, so a sink
 * must not wait for anybody.
 */
int outbox_query(struct outbox_audit *a, const char *sql, int64_t timeout_ms,
    const struct query_sink *sink, struct err *e);

#endif
