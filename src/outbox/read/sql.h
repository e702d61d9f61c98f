/*
 * One SQL query of a person, on the connection of outbox/read/audit.h. It can only read, and it is
 * ended after a time. One thread.
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
	struct slice bytes; /* of a blob its bytes, of any other value but NULL its text */
};

/* Receives the result. Values are valid during the call. */
struct query_sink {
	/* Called once, before the first row, and also without any row. -1 with e set ends the
	 * query. */
	int (*columns)(void *arg, const char *const *names, size_t n, struct err *e);
	int (*row)(void *arg, const struct query_value *values, size_t n, struct err *e);
	void *arg;
};

#define QUERY_COLUMNS_MAX 200

/*
 * Runs one statement. ERR_INPUT: it is wrong, not one statement, or does more than read. ERR_LIMIT:
 * it took longer than timeout_ms (monotonic). A read transaction is open meanwhile, so the sink
 * must not wait for anybody.
 */
int outbox_query(struct outbox_audit *a, const char *sql, int64_t timeout_ms,
    const struct query_sink *sink, struct err *e);

#endif
