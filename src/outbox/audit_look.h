/*
 * What the verbs that look at the whole ask of the outbox: walks over many events, what happened
 * last, rates. Read-only, on the connection of outbox/audit; the same rules hold.
 *
 * A walk is one read transaction and one pass: its callback counts and prints nothing. Slices are
 * valid during a callback. Times are wall ms, 0 where there is none. One thread owns an audit.
 */
#ifndef OUTBOX_AUDIT_LOOK_H
#define OUTBOX_AUDIT_LOOK_H

#include "outbox/audit.h"

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

#endif
