/*
 * Internals of the dispatcher, for dispatch/ and for tests that drive it step by step, without its
 * thread, and with their own clock, transport and outbox.
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

/* How long after the deadline for requests a stop still waits for the writer to store what it could
 * not store before. */
#define DISPATCH_RECORD_LAST_MS 5000

enum dispatch_waking {
	DISPATCH_AWAKE,
	DISPATCH_ASLEEP, /* in transport->poll: transport->wake must wake it */
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
	atomic_bool changed;           /* events that were read before may be out of date */
	atomic_bool stop;
	atomic_bool hold;
	atomic_bool asked; /* dispatcher_moves asked for a step */

	/* used by the thread only */
	bool canceled;
	bool finished;
	int64_t stop_ms; /* when requests in flight are canceled */
	struct log_limit poll_limit;
};

/*
 * Takes messages and results, and sends and prepares what it can. Returns how long the thread may
 * sleep (ms; 0: call again at once; -1: no limit). Call transport->poll between two steps. The last
 * step of a stop sets d->finished.
 */
int64_t dispatcher_step(struct dispatcher *d);
/* Asks the thread to stop. Any thread. */
void dispatcher_ask_to_stop(struct dispatcher *d);

#endif
