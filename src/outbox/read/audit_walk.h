/*
 * What the verbs that look at the whole ask of the outbox: walks over many events, what happened
 * last, and rates. On the connection of outbox/read/audit.h; its rules hold here too.
 *
 * A walk is one read transaction and one pass: its callback counts and prints nothing.
 */
#ifndef OUTBOX_READ_AUDIT_WALK_H
#define OUTBOX_READ_AUDIT_WALK_H

#include "outbox/read/audit.h"

struct audit_arrival {
	struct slice name; /* absent where the kind has none */
	struct slice kind;
	int64_t received_at;
};

/* All events that match, in any order. Ignores the filter's limit. */
int outbox_audit_arrivals(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_arrival *arrival), void *arg, struct err *e);

struct audit_failure {
	int64_t event_id;
	int64_t at; /* when the error was reported */
	struct slice site;
	struct slice status;
	struct slice reason;
	struct slice error; /* what Bento said, or what is wrong with the event itself */
	int http_status;    /* 0: none */
};

/*
 * All events that match and have a failure, in any order: failed, invalid, held, discarded and
 * unsupported ones, and pending ones after an attempt that did not deliver them; delivered events
 * never. A filter without statuses means failed, invalid and pending.
 */
int outbox_audit_failures(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e);

/* ---- what happened last (audit_tail.c) ------------------------------------------------------ */

/* The newest ids; 0: there is none. */
struct audit_newest {
	int64_t event_id;
	int64_t attempt_id;
	int64_t operation_id;
};

int outbox_audit_newest(struct outbox_audit *a, struct audit_newest *ret_newest, struct err *e);

struct audit_request {
	int64_t attempt_id;
	int64_t started_at;
	int64_t finished_at;
	int64_t duration_ms;
	int64_t events;
	int64_t first_event_id; /* its members lie between these */
	int64_t last_event_id;
	int http_status; /* 0: none */
	struct slice site;
	struct slice outcome; /* absent: under way */
	struct slice error;
	struct slice endpoint; /* bento_endpoint_name */
};

/* The attempts with an id above `after`, oldest first, at most `rows`. */
int outbox_audit_requests(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_request *request), void *arg, struct err *e);

struct audit_members {
	int64_t attempt_id;
	int64_t first_event_id;
	int64_t last_event_id;
};

/* The events of an attempt that match, in order of arrival. */
int outbox_audit_members(struct outbox_audit *a, const struct outbox_filter *f,
    const struct audit_members *of, void (*each)(void *arg, const struct audit_event *event),
    void *arg, struct err *e);

/*
 * The matching events that were settled at or after `from` and before `to` (wall ms), but not by
 * their arrival, an attempt or an operator: they were too old, their address never became known, or
 * they could not be mapped. In the order in which they were settled.
 */
int outbox_audit_settled(struct outbox_audit *a, const struct outbox_filter *f, int64_t from,
    int64_t to, void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e);

/* The operations with a larger id, oldest first, at most `rows`. Their counts of events and undos
 * are not read: they are 0. */
int outbox_audit_operations_after(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_operation_row *deed), void *arg, struct err *e);
/* How many of the events that match the operation changed. */
int outbox_audit_touched(struct outbox_audit *a, const struct outbox_filter *f,
    int64_t operation_id, int64_t *ret_count, struct err *e);

/* ---- rates (audit_rate.c) ------------------------------------------------------------------- */

#define AUDIT_RATE_MS 900000       /* how far rates look back, at most */
#define AUDIT_RATE_LATELY_MS 60000 /* how far "lately" looks back */

/* How many events a site received and delivered. */
struct audit_rate {
	int64_t site_id; /* in */
	int64_t received;
	int64_t received_ms;     /* in this time */
	int64_t received_lately; /* of them: within AUDIT_RATE_LATELY_MS */
	int64_t delivered;       /* by attempts that delivered all their events */
	int64_t delivered_ms;
	int64_t lately; /* of them: within AUDIT_RATE_LATELY_MS */
};

/* Fills in the rates; site_id is given, the rest must be 0. Looks at some 10,000 narrow rows at
 * most. */
int outbox_audit_rates(
    struct outbox_audit *a, int64_t now, struct audit_rate *rates, size_t n, struct err *e);

#endif
