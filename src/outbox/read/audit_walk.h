/*
 * Reads for the verbs that need an overview: walks over many events, the latest changes, and rates.
 * Uses the connection of outbox/read/audit.h and follows its rules.
 *
 * A walk is one read transaction: its callback counts and prints nothing.
 */
#ifndef OUTBOX_READ_AUDIT_WALK_H
#define OUTBOX_READ_AUDIT_WALK_H

#include "outbox/read/audit.h"

struct audit_arrival {
	struct slice name; /* absent or empty when the kind has none */
	struct slice kind;
	int64_t received_at;
	int64_t events; /* of this name and kind; below 0: to be taken back from an earlier count */
};

/*
 * Visits all events that match, in any order. Ignores the filter's limit. `alike` tells whether the
 * caller counts events that were received at these two times, and between them, alike: such events
 * may come together, with one of their times. (audit_arrivals.c)
 */
int outbox_audit_arrivals(struct outbox_audit *a, const struct outbox_filter *f,
    bool (*alike)(void *arg, int64_t first_at, int64_t last_at),
    void (*each)(void *arg, const struct audit_arrival *arrival), void *arg, struct err *e);

struct audit_failure {
	int64_t event_id;
	int64_t at; /* when the error was reported */
	struct slice site;
	struct slice status;
	struct slice reason;
	struct slice error; /* Bento's error, or what is wrong with the event itself */
	int http_status;    /* 0: none */
};

/*
 * Visits all events that match and have a failure, in any order: failed, invalid, held, discarded
 * and unsupported events, and pending events after an attempt that did not deliver them; never
 * delivered events. A filter without statuses means failed, invalid and pending, and held because
 * the disk changed it.
 */
int outbox_audit_failures(struct outbox_audit *a, const struct outbox_filter *f,
    void (*each)(void *arg, const struct audit_failure *failure), void *arg, struct err *e);

/* ---- the latest changes (audit_tail.c) ------------------------------------------------------- */

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
	int64_t first_event_id; /* the lowest id of its events */
	int64_t last_event_id;
	int http_status; /* 0: none */
	struct slice site;
	struct slice outcome; /* absent: in flight */
	struct slice error;
	struct slice endpoint; /* a name by bento_endpoint_name */
};

/* Reads the attempts with an id above `after`, oldest first, at most `rows`. */
int outbox_audit_requests(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_request *request), void *arg, struct err *e);

struct audit_members {
	int64_t attempt_id;
	int64_t first_event_id;
	int64_t last_event_id;
};

/* Visits the events of an attempt that match, in order of arrival. */
int outbox_audit_members(struct outbox_audit *a, const struct outbox_filter *f,
    const struct audit_members *of, void (*each)(void *arg, const struct audit_event *event),
    void *arg, struct err *e);

/*
 * Visits the matching events that were settled at or after `from` and before `to` (wall ms) other
 * than by their arrival, an attempt or an operator: they were too old, their address never became
 * known, or they could not be mapped. In the order of settling.
 */
int outbox_audit_settled(struct outbox_audit *a, const struct outbox_filter *f, int64_t from,
    int64_t to, void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e);

/* Reads the operations with an id above `after`, oldest first, at most `rows`. Does not read their
 * counts of events and undos, which are 0. */
int outbox_audit_operations_after(struct outbox_audit *a, int64_t after, int64_t rows,
    void (*each)(void *arg, const struct audit_operation_row *operation), void *arg, struct err *e);
/* Whether the operation changed any matching event. */
int outbox_audit_touched(struct outbox_audit *a, const struct outbox_filter *f,
    int64_t operation_id, bool *ret_touched, struct err *e);

/* ---- rates (audit_rate.c) ------------------------------------------------------------------- */

#define AUDIT_RATE_MS 900000       /* how far back rates reach, at most */
#define AUDIT_RATE_LATELY_MS 60000 /* how far back "lately" reaches */

/* How many events a site received and delivered. */
struct audit_rate {
	int64_t site_id; /* in */
	int64_t received;
	int64_t received_ms;     /* the period that `received` covers */
	int64_t received_lately; /* received within AUDIT_RATE_LATELY_MS */
	int64_t delivered;       /* delivered by attempts that delivered all their events */
	int64_t delivered_ms;
	int64_t lately; /* delivered within AUDIT_RATE_LATELY_MS */
};

/*
 * Fills in the rates. The caller sets site_id and zeroes the rest. Counts whole blocks of events
 * without reading them; when it would have to read too many events, because their blocks have too
 * many names to be counted, `received` covers less time.
 */
int outbox_audit_rates(
    struct outbox_audit *a, int64_t now, struct audit_rate *rates, size_t n, struct err *e);

#endif
