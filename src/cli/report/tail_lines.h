/*
 * Lines of what happened, added in any order, printed by time: one for an event that arrived, one
 * that was settled by itself, an attempt that ended, an event of such an attempt, an operation. One
 * thread.
 */
#ifndef CLI_REPORT_TAIL_LINES_H
#define CLI_REPORT_TAIL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "outbox/read/audit_walk.h"

struct tail_lines;

/* sites: there are several, and events name their own. NULL when out of memory. */
struct tail_lines *tail_lines_new(bool json, bool sites);
void tail_lines_free(struct tail_lines *t); /* NULL is fine */

void tail_lines_event(struct tail_lines *t, const struct audit_event *event);
void tail_lines_settled(struct tail_lines *t, const struct audit_event *event);
void tail_lines_attempt(struct tail_lines *t, const struct audit_request *request);
/* What is borrowed of an attempt when only its members are told of. */
struct tail_attempt {
	int64_t attempt_id;
	int64_t at; /* when it ended */
	char outcome[16];
	int http_status;
};
void tail_lines_member(
    struct tail_lines *t, const struct tail_attempt *attempt, const struct audit_event *event);
void tail_lines_operation(struct tail_lines *t, const struct audit_operation_row *deed);

/* Prints the last `most` of them (0: all) by time, and forgets all. -1 when one was lost for want
 * of memory or standard output does not take them. */
int tail_lines_print(struct tail_lines *t, size_t most, struct err *e);

#endif
