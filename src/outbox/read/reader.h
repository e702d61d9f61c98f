/*
 * Reading the outbox: a read-only connection with its statements prepared once.
 *
 * One thread at a time owns a reader. Between begin and end a read transaction is open; end it
 * soon, because it keeps the WAL from being cut. Times are wall ms.
 */
#ifndef OUTBOX_READ_READER_H
#define OUTBOX_READ_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "event/kind.h"

struct outbox_reader;

/*
 * Opens an existing outbox. ERR_NOTFOUND: there is no file. ERR_INPUT: it is not an outbox, or a
 * newer version wrote it.
 */
int outbox_reader_open(const char *path, struct outbox_reader **ret_reader, struct err *e);
void outbox_reader_close(struct outbox_reader *r);

/* An event, as it is sent. */
struct outbox_event {
	int64_t event_id;
	struct slice message_id;
	enum event_kind kind;
	struct slice name;
	struct slice email; /* the address that the event goes to */
	int64_t occurred_at;
	int64_t received_at;
	struct slice body;         /* absent when retention removed it */
	struct slice context;      /* the context of its batch; absent when there is none */
	struct slice integrations; /* the integrations of its batch */
	bool browser;              /* its request had an Origin header */
	int64_t attempts;
	int64_t maybe_sent;
	unsigned max_batch; /* 0: no limit */
	/* NULL, or a static text: what the disk did to the event. It must not be sent. */
	const char *damage;
};

/*
 * The site's due events above `after`, in order of arrival. An event is due when it is
 * pending and has no retry time, or one that is not after `now`. An event with a retry time past
 * the horizon is due, too: such a time means that the clock jumped. Events without a retry time
 * are left out unless their id is also above fresh_after.
 *
 *	outbox_due_begin(r, site_id, now, horizon, after, fresh_after, e);
 *	while (outbox_due_next(r, &event, e) == 1) ...
 *	outbox_due_end(r);
 */
int outbox_due_begin(struct outbox_reader *r, int64_t site_id, int64_t now, int64_t horizon,
    int64_t after, int64_t fresh_after, struct err *e);
/* Returns 1 for an event, 0 after the last one, -1 on an error. The slices are valid until the next
 * call. */
int outbox_due_next(struct outbox_reader *r, struct outbox_event *ret_event, struct err *e);
void outbox_due_end(struct outbox_reader *r);
/* Finds when the first delayed event of the site becomes due; 0 when none is delayed. */
int outbox_due_soonest(struct outbox_reader *r, int64_t site_id, int64_t *ret_at, struct err *e);

/* Counts the site's pending events, and finds when the oldest of those above `after` was received
 * that no attempt has taken; 0: there is none. */
int outbox_backlog(struct outbox_reader *r, int64_t site_id, int64_t after, int64_t *ret_events,
    int64_t *ret_oldest_at, struct err *e);

/*
 * Calls each for the site's pending events that have or had a retry time, in any order, with the
 * address that each goes to.
 */
int outbox_due_delayed(struct outbox_reader *r, int64_t site_id,
    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg, struct err *e);

/* Returns 1, 0 when there is no such event, -1 on an error. The slices are valid until the next
 * load, or the end of the reading. */
int outbox_event_load(
    struct outbox_reader *r, int64_t event_id, struct outbox_event *ret_event, struct err *e);
/*
 * Ends the read transaction of a load outside of begin and end. Without this call the reader would
 * keep seeing an old state of the outbox. The event's slices become invalid.
 */
void outbox_event_done(struct outbox_reader *r);

#endif
