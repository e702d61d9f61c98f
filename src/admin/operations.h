/* /api/operations: what operators did, newest first, as JSON. Admin's thread. */
#ifndef ADMIN_OPERATIONS_H
#define ADMIN_OPERATIONS_H

#include <stdint.h>

#include "base/slice.h"

#define OPERATIONS_PAGE 20 /* operations in one answer */

struct admin_request;
struct admin_reply;

/*
 * The query is empty, or "before=ID" for operations with smaller ids. Answers an object with
 * `operations` and `more`, whether there are older ones. Ids and numbers are strings; times are
 * wall ms. Filters and notes are left out, because they may name people. 400 for another query, 503
 * while the database cannot be read.
 */
void operations_get(const struct admin_request *r, struct admin_reply *reply);

/* Reads the query. Returns -1 when it is another one. Pure. */
int operations_parse(struct slice query, int64_t *ret_before);

#endif
