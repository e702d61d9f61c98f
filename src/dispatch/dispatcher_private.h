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
#include "base/rand.h"
#include "dispatch/age.h"
#include "dispatch/dispatcher.h"
#include "dispatch/site.h"
#include "outbox/read/reader.h"

/* When the writer could not keep something (no space, locked): tried again after this. */
#define DISPATCH_RECORD_AGAIN_MS 1000
/* When the outbox could not be read. */
#define DISPATCH_READ_AGAIN_MS 1000
/* How long the end may wait for the writer to have space again, past the deadline for requests. */
#define DISPATCH_RECORD_LAST_MS 5000

enum dispatch_waking {
	DISPATCH_AWAKE,
	DISPATCH_ASLEEP, /* in transport->poll: waking takes a call */
	DISPATCH_NUDGED  /* somebody wants it to look again */
};

struct dispatcher {
	struct outbox *outbox;
	struct outbox_reader *reader;
	struct transport *transport;
	const struct clock *clock;
	struct rand chance;
	struct age age;
	struct site *sites;
	size_t n_sites;
	int64_t stop_deadline_ms;
	void (*on_site)(
	    void *arg, const char *site, enum outbox_site_mode mode, const char *reason);
	void *on_site_arg;
	pthread_t thread;
	bool running; /* the thread was started and not joined */

	/* shared with other threads */
	struct mailbox mailbox;  /* messages that the writer gave back */
	struct mailbox letters;  /* struct renewal */
	struct site_word *words; /* one for each site, in their order */
	atomic_int waking;       /* enum dispatch_waking */
	atomic_bool due;         /* somebody said that there may be something due */
	atomic_bool changed;     /* and that what was read before may be out of date */
	atomic_bool stop;
	atomic_int owed; /* messages that the writer still holds, or is just giving back */

	/* the thread's own */
	bool failed;      /* the outbox keeps nothing any more: nothing is sent */
	bool failed_told; /* and the log knows */
	bool sent;        /* a request was handed to the transport in this step */
	bool stopping;
	bool cancelled;
	bool finished;
	int64_t stop_ms; /* when the requests in flight are cancelled */
	struct log_limit read_limit;
	struct log_limit poll_limit;
	struct log_limit record_limit;
};

/*
 * Takes mail and results, sends and prepares what it can, and returns how long there is nothing to
 * do unless something happens (ms; 0: come again at once; -1: no limit). Between two steps the
 * transport must be moved along (transport->poll). When it stops, d->finished is set at the end.
 */
int64_t dispatcher_step(struct dispatcher *d);
/* What dispatcher_stop asks the thread for. Any thread. */
void dispatcher_ask_to_stop(struct dispatcher *d);

/* Hands a message to the writer; it comes back through site_take_mail. -1: the outbox has ended. */
int dispatcher_send(struct dispatcher *d, struct outbox_msg *msg);
/* After an error that is no passing one. */
void dispatcher_fail(struct dispatcher *d, const struct err *e);
/* The outbox could not be read, the transport not moved. */
void dispatcher_tell(struct dispatcher *d, struct log_limit *limit, const struct err *e);

#endif
