/*
 * The lines of tail, added in any order and printed in order of time: an event that arrived, an
 * event settled without an attempt, an attempt that ended, an event of such an attempt, an
 * operation, refused requests. One thread.
 */
#ifndef CLI_LOOK_TAIL_LINES_H
#define CLI_LOOK_TAIL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "outbox/read/audit_walk.h"

struct tail_lines;

/* sites: there are several sites, and each event names its own. NULL when out of memory. */
struct tail_lines *tail_lines_new(bool json, bool sites);
void tail_lines_free(struct tail_lines *t); /* NULL is fine */

void tail_lines_event(struct tail_lines *t, const struct audit_event *event);
void tail_lines_settled(struct tail_lines *t, const struct audit_event *event);
void tail_lines_attempt(struct tail_lines *t, const struct audit_request *request);
/* What a line about a member of an attempt says about the attempt. */
struct tail_attempt {
	int64_t attempt_id;
	int64_t at; /* when the attempt ended, wall ms */
	char outcome[16];
	int http_status;
};
void tail_lines_member(
    struct tail_lines *t, const struct tail_attempt *attempt, const struct audit_event *event);
/* Adds a line: `requests` more requests were refused for this reason, a text that is static or
 * lives as long as t. */
void tail_lines_refused(struct tail_lines *t, int64_t at, const char *reason, int64_t requests);
void tail_lines_operation(struct tail_lines *t, const struct audit_operation_row *operation);

/*
 * Prints the last `most` lines (0 for all) in order of time, and drops all lines. -1 when memory
 * ran out while lines were added, or standard output cannot be written.
 */
int tail_lines_print(struct tail_lines *t, size_t most, struct err *e);

#endif
