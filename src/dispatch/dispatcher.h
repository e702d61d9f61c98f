/*
 * The dispatcher: one thread that takes due events from the outbox and sends them to Bento.
 *
 * For each site: read due events in order of arrival, except those already taken; make the batch;
 * record the attempt and wait for its commit; send; classify the answer (event/bento/verdict);
 * record the outcome. A refused batch is sent again in halves until each refused event is alone. A
 * site that fails is probed with single events at growing intervals (dispatch/health); its failures
 * are not charged to the events. While a request is in flight the next batch is prepared, and the
 * end of one attempt is recorded in the same transaction as the beginning of the next.
 */
#ifndef DISPATCH_DISPATCHER_H
#define DISPATCH_DISPATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "dispatch/port/composer.h"
#include "dispatch/port/outbox_port.h"
#include "dispatch/site_options.h"
#include "dispatch/transport/transport.h"
#include "outbox/outbox.h"

struct dispatcher;

struct dispatcher_options {
	struct outbox_port *outbox;  /* owned by the dispatcher after success */
	struct transport *transport; /* owned by the dispatcher after success */
	const struct composer *composer;
	const struct clock *clock;
	uint64_t seed;                       /* seed for the jitter */
	const struct clock_history *history; /* with a reading of this boot; copied; or NULL */
	const struct dispatch_site_options *sites;
	size_t n_sites;
	int64_t stop_deadline_ms; /* how long dispatcher_stop waits for requests in flight */
	/* Called on the dispatcher's thread with what the Date of an answer says about the wall
	 * clock: by how many ms it is wrong, 0 when it is right. May be NULL. */
	void (*on_date)(void *arg, int64_t error_ms);
	void *on_date_arg;
	/* Called on the dispatcher's thread when a site begins to back off, pauses automatically or
	 * is ready again; the strings are valid during the call. May be NULL. */
	void (*on_site)(
	    void *arg, const char *site, enum outbox_site_mode mode, const char *reason);
	void *on_site_arg;
};

int dispatcher_new(
    const struct dispatcher_options *o, struct dispatcher **ret_dispatcher, struct err *e);
int dispatcher_start(struct dispatcher *d, struct err *e);
/* Call it when events may be due. Any thread; cheap while the dispatcher is awake. */
void dispatcher_wake(struct dispatcher *d);
/*
 * Call it when existing events have changed, or when older events are due: the dispatcher reads due
 * events again from the oldest on, and drops those that it read ahead. Any thread.
 */
void dispatcher_look_again(struct dispatcher *d);
/*
 * Replaces the settings of some sites, including their credentials, once their requests in flight
 * have ended. Automatic pauses of these sites end, and they are tried at once. The options about
 * the previous process are ignored. Returns -1 without memory or for settings that cannot be used;
 * nothing changes then. Any thread, until dispatcher_stop.
 */
int dispatcher_reload_sites(
    struct dispatcher *d, const struct dispatch_site_options *sites, size_t n, struct err *e);
/*
 * An operator controls a site. While the site is paused no request begins; requests in flight end
 * normally. After a resume or a flush the site is tried at once, even if it is backing off. An
 * unknown site is ignored. Any thread, until dispatcher_stop.
 */
enum dispatch_site_control { DISPATCH_PAUSE, DISPATCH_RESUME, DISPATCH_FLUSH };
void dispatcher_site_control(
    struct dispatcher *d, int64_t site_id, enum dispatch_site_control what);
/* While `hold` is set no request begins: the clock is not set, and dates would be wrong. Any
 * thread. */
void dispatcher_hold(struct dispatcher *d, bool hold);
/*
 * Asks the thread for one more step, and returns whether it has done the last one that was asked
 * for. One other thread.
 */
bool dispatcher_moves(struct dispatcher *d);
/* Lets requests in flight end within the deadline, cancels the rest, records every outcome, and
 * ends the thread. The outbox's writer must still be running. */
void dispatcher_stop(struct dispatcher *d);
/* Call it after the outbox was stopped: no other thread may call dispatcher_wake any longer. */
void dispatcher_free(struct dispatcher *d);

#endif
