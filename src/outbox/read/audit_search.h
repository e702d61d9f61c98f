/*
 * Searches that end when a budget is used up, for a thread that others wait for. A search walks
 * over matching events in portions of at most AUDIT_PORTION ids and looks at its budget between
 * them, so it may use a portion more than it has. Uses the connection of outbox/read/audit.h and
 * follows its rules.
 */
#ifndef OUTBOX_READ_AUDIT_SEARCH_H
#define OUTBOX_READ_AUDIT_SEARCH_H

#include "outbox/read/audit_walk.h"

#define AUDIT_PORTION 4096

struct audit_budget {
	int64_t steps; /* of SQLite, that are left */
	/* Whether the time is over; NULL: never. */
	bool (*is_over)(void *arg);
	void *arg;
};

struct audit_search {
	int64_t before; /* in: only events with a smaller id; 0: with any */
	size_t rows;    /* in: the maximum, up to AUDIT_PAGE_MAX; out: the number of rows */
	/* Out: the next search continues with this `before`; 0: there is no older event. */
	int64_t next;
	bool stopped; /* out: the budget was used up before there were so many rows */
};

/* Reads the matching events, newest first. Ignores the filter's limit. */
int outbox_audit_search(struct outbox_audit *a, const struct outbox_filter *f,
    struct audit_search *search, struct audit_budget *budget,
    void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e);

struct audit_number {
	int64_t events; /* at most `max` */
	bool more;      /* there may be more: the maximum was exceeded, or the budget used up */
};

/* Counts the matching events. Ignores the filter's limit. */
int outbox_audit_number(struct outbox_audit *a, const struct outbox_filter *f, int64_t max,
    struct audit_budget *budget, struct audit_number *ret_number, struct err *e);

/* Like outbox_audit_failures, but failed events first, and the newest first. ret_complete: all were
 * visited. */
int outbox_audit_recent_failures(struct outbox_audit *a, const struct outbox_filter *f,
    struct audit_budget *budget, void (*each)(void *arg, const struct audit_failure *failure),
    void *arg, bool *ret_complete, struct err *e);

#endif
