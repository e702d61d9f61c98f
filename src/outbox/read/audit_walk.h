/*
 * What the verbs that look at the whole ask of the outbox: walks over many events, what happened
 * last, rates. Read-only, on the connection of outbox/audit; the same rules hold.
 *
 * A walk is one read transaction and one pass: its callback counts and prints nothing. Slices are
 * valid during a callback. Times are wall ms, 0 where there is none. One thread owns an audit.
 */
#ifndef OUTBOX_READ_AUDIT_WALK_H
#define OUTBOX_READ_AUDIT_WALK_H

#include "outbox/read/audit.h"

struct audit_arrival {
	struct slice name; /* absent where the kind has none */
	struct slice kind;
	int64_t received_at;
};

/* Every event that matches, in no order; the filter's limit is not looked at. */
int outbox_audit_arrivals(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_arrival *arrival), void *arg, struct err *e);

struct audit_failure {
	int64_t event_id;
	int64_t at; /* when it was said */
	struct slice site;
	struct slice status;
	struct slice reason;
	struct slice error; /* what Bento said, or what is wrong with the event itself */
	int http_status;    /* 0: none */
};

/*
 * Every event that matches and has a failure to tell of, in no order: what is failed, invalid,
 * held, discarded or unsupported, and what is pending after an attempt that did not deliver it.
 * Without statuses in the filter: failed, invalid and pending. What is delivered is never among
 * them.
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

/* The attempts behind an id, in their order, at most so many. */
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
 * The events that match and were settled from a time on and before another, wall ms, by neither
 * their arrival, nor an attempt, nor an operator: too old, given up waiting, not to be mapped. In
 * order of that time.
 */
int outbox_audit_settled(struct outbox_audit *a, const struct outbox_filter *f, int64_t from,
    int64_t to, void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e);

/* The operations with a larger id, oldest first, at most `rows`. Their counts of events and undos
 * are not read: they are 0. */
int outbox_audit_operations_after(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_operation_row *deed), void *arg, struct err *e);
/* How many of the events that match an operation touched. */
int outbox_audit_touched(struct outbox_audit *a, const struct outbox_filter *f,
    int64_t operation_id, int64_t *ret_count, struct err *e);

/* ---- rates (audit_rate.c) ------------------------------------------------------------------- */

#define AUDIT_RATE_MS 900000       /* how far rates look back, at most */
#define AUDIT_RATE_LATELY_MS 60000 /* what is lately */

/* What came and went at a site. */
struct audit_rate {
	int64_t site_id; /* in */
	int64_t received;
	int64_t received_ms;     /* within so long */
	int64_t received_lately; /* of them: within AUDIT_RATE_LATELY_MS */
	int64_t delivered;       /* by attempts that delivered all that they carried */
	int64_t delivered_ms;
	int64_t lately; /* of them: within AUDIT_RATE_LATELY_MS */
};

/* Fills in what is 0 but for the site. At most some ten thousand narrow rows are looked at. */
int outbox_audit_rates(
    struct outbox_audit *a, int64_t now, struct audit_rate *rates, size_t n, struct err *e);

#endif
