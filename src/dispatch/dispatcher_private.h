/*
 * The inside of the dispatcher, for dispatch/ and for tests that drive it step by step, without its
 * thread, with a clock, a transport and an outbox of their own.
 */
#ifndef DISPATCH_DISPATCHER_PRIVATE_H
#define DISPATCH_DISPATCHER_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/mailbox.h"
#include "dispatch/context.h"
#include "dispatch/dispatcher.h"
#include "dispatch/site_private.h"

/* How long the end may wait for the writer to have space again, past the deadline for requests. */
#define DISPATCH_RECORD_LAST_MS 5000

enum dispatch_waking {
	DISPATCH_AWAKE,
	DISPATCH_ASLEEP, /* in transport->poll: waking takes a call */
	DISPATCH_NUDGED  /* another thread wants the dispatcher to look again */
};

struct dispatcher {
	struct dispatch_context ctx;
	struct site *sites;
	size_t n_sites;
	int64_t stop_deadline_ms;
	void (*on_site)(
	    void *arg, const char *site, enum outbox_site_mode mode, const char *reason);
	void *on_site_arg;
	pthread_t thread;
	bool running; /* the thread was started and not joined */

	/* shared with other threads */
	struct mailbox reloads;        /* struct site_reload */
	struct site_control *controls; /* one for each site, in their order */
	atomic_int waking;             /* enum dispatch_waking */
	atomic_bool due;               /* something may be due */
	atomic_bool changed;           /* what was read before may be out of date */
	atomic_bool stop;
	atomic_bool hold;

	/* the thread's own */
	bool canceled;
	bool finished;
	int64_t stop_ms; /* when the requests in flight are canceled */
	struct log_limit poll_limit;
};

/*
 * Takes mail and results, sends and prepares what it can, and returns how long there is nothing to
 * do unless something happens (ms; 0: come again at once; -1: no limit). Between two steps the
 * transport must be moved along (transport->poll). When the dispatcher stops, d->finished is set at
 * the end.
 */
int64_t dispatcher_step(struct dispatcher *d);
/* What dispatcher_stop asks the thread for. Any thread. */
void dispatcher_ask_to_stop(struct dispatcher *d);

#endif
