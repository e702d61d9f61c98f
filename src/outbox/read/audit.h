/*
 * Reads the outbox for people: a read-only connection for the verbs of the command line and for the
 * log lines of a start. Delivery does not use it.
 *
 * Every call is one short read transaction. Lists come in pages, and the transaction of a page ends
 * before its caller prints it, so that a slow pager never keeps the WAL from being cut. One thread
 * at a time owns an audit. Times are wall ms, 0 where there is none. Slices are valid during the
 * callback that gets them.
 */
#ifndef OUTBOX_READ_AUDIT_H
#define OUTBOX_READ_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "event/kind.h"
#include "outbox/filter/count.h"
#include "outbox/filter/filter.h"
#include "outbox/outbox.h"
#include "outbox/write/clocks.h"

#define AUDIT_PAGE_MAX 500 /* events in one page of a list */

struct outbox_audit;

/*
 * Opens an existing outbox. ERR_NOTFOUND: there is no file. ERR_INPUT: it is not an outbox, or a
 * newer version wrote it. The texts say what to do.
 */
int outbox_audit_open(const char *path, struct outbox_audit **ret_audit, struct err *e);
void outbox_audit_close(struct outbox_audit *a);
/* Makes a call that another thread is in end with an error. Any thread, until the close begins. */
void outbox_audit_interrupt(struct outbox_audit *a);
/* Returns the version of SQLite that this program runs with. */
const char *outbox_audit_library(void);
/* Returns the feature that bentospool needs and the SQLite library lacks; NULL when it has all. */
const char *outbox_audit_lack(void);

struct audit_attempt {
	int64_t attempt_id;
	int64_t started_at;
	int64_t finished_at;
	int64_t duration_ms;
	int64_t events;
	int64_t bytes;
	int http_status;      /* 0: none */
	struct slice outcome; /* absent: in flight */
	struct slice error;
	struct slice response;
	struct slice mapping;  /* the mapping options, as mapping_describe wrote them */
	struct slice endpoint; /* a name by bento_endpoint_name */
};

#define AUDIT_NAME_MAX 128
#define AUDIT_TEXT_MAX 256

/* The state of a site. Longer texts are cut. */
struct audit_site {
	int64_t site_id;
	char name[AUDIT_NAME_MAX];
	enum outbox_site_mode mode;
	char reason[AUDIT_TEXT_MAX]; /* "" when ready */
	int64_t next_attempt_at;
	int64_t failures;      /* failures in a row */
	int64_t unready_since; /* wall ms; 0: it was ready after its last attempt */
	int64_t pause_at;      /* when an operator paused it; 0: not paused by an operator */
	char pause_by[AUDIT_NAME_MAX];
	char pause_note[AUDIT_TEXT_MAX];
	int64_t counts[STATUS_COUNT];
	int64_t awaiting;      /* pending events that are unresolved: no address is known yet */
	int64_t maybe_sent;    /* events that Bento may have received without confirming it */
	int64_t perhaps_twice; /* events that were sent again: Bento may have received them twice */
	int64_t oldest_pending_id; /* the oldest pending event whose address is known; 0: none */
	int64_t oldest_pending_at; /* the time when that event was received */
	int64_t last_attempt_id;   /* 0: none yet; the following fields describe this attempt */
	int64_t last_started_at;
	int64_t last_finished_at;
	int last_http_status;
	char last_outcome[16]; /* "" while it is in flight */
	char last_error[AUDIT_TEXT_MAX];
};

/* Reads all sites in the order of their ids; the caller frees the array. Walks unresolved events
 * and events that may have been sent. */
int outbox_audit_sites(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e);
/* Like outbox_audit_sites, but reads only the fields up to `counts`: fast at any size of the
 * file. */
int outbox_audit_site_modes(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e);
/* Like outbox_audit_site_modes, with the backlog and the last attempt. Walks unresolved events. */
int outbox_audit_site_backlogs(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e);
/*
 * Like outbox_audit_site_modes, with the oldest pending event: what metrics show. Costs the same at
 * any number of events: of the delayed events it looks only at the AUDIT_GAUGES_DELAYED whose time
 * comes first.
 */
#define AUDIT_GAUGES_DELAYED 1000
int outbox_audit_gauges(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e);
/* Counts a site's pending events that are unresolved, at most `max` of them. */
int outbox_audit_awaiting(
    struct outbox_audit *a, int64_t site_id, int64_t max, int64_t *ret_count, struct err *e);
/* Returns the free bytes on the file system of path; UINT64_MAX when unknown. */
uint64_t outbox_audit_free(const char *path);
/*
 * Counts the events that failed, or that are held but not by an operator, since a time (wall ms);
 * at most `max` events are counted.
 */
struct audit_troubled {
	int64_t failed, held;
};
int outbox_audit_troubled(struct outbox_audit *a, int64_t since, int64_t max,
    struct audit_troubled *ret_troubled, struct err *e);
/* Counts pending events of all sites. */
int outbox_audit_pending(struct outbox_audit *a, int64_t *ret_count, struct err *e);
/*
 * Counts the events that came while the machine's clock was not set and whose times must be
 * corrected.
 */
int outbox_audit_unset(struct outbox_audit *a, int64_t *ret_count, struct err *e);
/* Reads what the last daemon knew of the clocks; zeros when it stored nothing. */
int outbox_audit_clocks(struct outbox_audit *a, struct clock_note *ret_note, struct err *e);

struct audit_event {
	int64_t event_id;
	int64_t site_id;
	struct slice site;
	struct slice message_id;
	struct slice kind;
	struct slice name;
	struct slice email; /* the address that the event goes to */
	struct slice status;
	struct slice reason;
	int64_t attempts;
	int64_t maybe_sent;
	int64_t received_at;
	int64_t occurred_at;
	int64_t next_attempt_at; /* pending events: the retry time, never before the site's back-off
				    ends */
	int64_t settled_at;
	int64_t last_attempt_id;
	int http_status; /* status of the last attempt */
	struct slice error;
	struct slice detail;  /* a sentence about the event itself */
	struct slice body;    /* only from outbox_audit_event; absent when retention removed it */
	struct slice context; /* only from outbox_audit_event: the context of its batch */
	struct slice integrations; /* only from outbox_audit_event: the integrations of its batch */
	bool browser; /* only from outbox_audit_event: the request had an Origin header */
	/* Only from outbox_audit_event: the box that forwarded it, and when it arrived here. Absent
	 * when it was posted here. */
	struct slice via;
	int64_t arrived_at;
	/* Only from outbox_audit_event: the disk changed it, or the values of its batch. */
	bool changed, batch_changed;
};

struct audit_page {
	/* In and out: the page begins after this id, or before it with `newest`; 0: the end. */
	int64_t from;
	bool newest; /* newest events first */
	size_t rows; /* in: the maximum, up to AUDIT_PAGE_MAX; out: the number of rows */
};

/* Reads one page of the events that match, in order of arrival. Ignores the filter's limit. */
int outbox_audit_list(struct outbox_audit *a, const struct outbox_filter *f,
    struct audit_page *page, void (*each)(void *arg, const struct audit_event *event), void *arg,
    struct err *e);
/* Counts the events that match. Ignores the filter's limit. */
int outbox_audit_count(
    struct outbox_audit *a, const struct outbox_filter *f, int64_t *ret_count, struct err *e);
/* The same with little work (outbox/filter/count.h): not more than `max` events, and maybe fewer.
 */
int outbox_audit_count_about(struct outbox_audit *a, const struct outbox_filter *f, int64_t max,
    struct filter_count *ret_count, struct err *e);

/* Reads one event with all its fields. Returns 1 (each was called), 0 when there is none, or -1. */
int outbox_audit_event(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_event *event), void *arg, struct err *e);
/* Reads the attempts that carried an event, oldest first. */
int outbox_audit_attempts(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_attempt *attempt), void *arg, struct err *e);

/* An operator's change to an event, and the event's state before it. */
struct audit_operation {
	int64_t operation_id;
	int64_t at;
	struct slice actor;
	struct slice verb;
	struct slice note;
	struct slice status; /* the event's status before the operation */
	struct slice reason; /* the event's reason before the operation */
};

/* Reads the operations that changed an event, oldest first. */
int outbox_audit_operations(struct outbox_audit *a, int64_t event_id,
    void (*each)(void *arg, const struct audit_operation *operation), void *arg, struct err *e);

/* The row of an operation. */
struct audit_operation_row {
	int64_t operation_id;
	int64_t at;
	struct slice actor;
	struct slice verb;
	struct slice filter; /* JSON */
	struct slice note;
	int64_t events;
	int64_t undone_by; /* the operation that undid it; 0: none */
	int64_t undoes;    /* for an undo: the operation that it undid; else 0 */
};

/* Reads the operations with an id below `before`, newest first, at most `rows`; ret_n gets their
 * number. */
int outbox_audit_operation_list(struct outbox_audit *a, int64_t before, int64_t rows,
    void (*each)(void *arg, const struct audit_operation_row *operation), void *arg, size_t *ret_n,
    struct err *e);

#define AUDIT_SAMPLE 5

/* The states of an operation's events before it. */
struct audit_before {
	int64_t counts[STATUS_COUNT];
	int64_t sample[AUDIT_SAMPLE]; /* the first ids */
	size_t n_sample;
};

int outbox_audit_operation_before(
    struct outbox_audit *a, int64_t operation_id, struct audit_before *ret_before, struct err *e);

struct outbox_operation;
/* Computes the result of an undo: fills in n_events and left, like a complete dry run. */
int outbox_audit_undo(struct outbox_audit *a, struct outbox_operation *undo, struct err *e);

#endif
