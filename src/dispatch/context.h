/*
 * The shared state of a dispatcher's sites: clocks, random numbers, the outbox, the composer, the
 * transport, and whether anything may be sent.
 *
 * Messages to the writer go through an errand. The writer's thread puts the message into a mailbox
 * when its transaction has ended; context_take_mail then calls the errand's `back` on the
 * dispatcher's thread.
 *
 * Failure: a message that the writer cannot store at present (no space, locked) may be sent again
 * after CONTEXT_RECORD_AGAIN_MS. After an I/O error, or when the outbox has stopped, nothing is
 * sent until a restart (`failed`).
 *
 * Dispatcher thread only. Times are monotonic ms unless they are named wall ms.
 */
#ifndef DISPATCH_CONTEXT_H
#define DISPATCH_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/rand.h"
#include "dispatch/age.h"
#include "dispatch/port/composer.h"
#include "dispatch/port/outbox_port.h"
#include "dispatch/transport/transport.h"
#include "outbox/outbox.h"

#define CONTEXT_NEVER INT64_MAX
#define CONTEXT_RECORD_AGAIN_MS 1000
#define CONTEXT_READ_AGAIN_MS 1000

struct dispatch_context {
	const struct clock *clock;
	struct rand chance;
	struct clock_history history;
	int64_t wall_ahead_ms; /* the wall clock less the monotonic clock, in this step */
	void (*on_date)(void *arg, int64_t error_ms); /* or NULL */
	void *on_date_arg;
	struct outbox_port *outbox;
	const struct composer *composer;
	struct transport *transport;

	struct mailbox returned; /* messages that the writer returned */
	atomic_int owed;         /* messages that the writer still holds or is about to return */

	bool stopping;
	bool failed; /* the outbox has failed: nothing is sent until a restart */
	bool held;   /* the clock is not set: dates would be wrong */
	bool sent;   /* a request was handed to the transport in this step */
	struct log_limit read_limit;
	struct log_limit record_limit;
};

/* Takes one message at a time to the writer and back. */
struct errand {
	struct dispatch_context *ctx;
	void (*back)(void *owner); /* called after the commit or the failure; NULL: nothing to do */
	void *owner;
	bool with_writer;
	int64_t not_before_ms; /* when it may be sent again, after the writer could not store it */
};

/* The writer's thread calls wake when it returns a message. */
int context_init(struct dispatch_context *c, void (*wake)(void *), void *wake_arg, struct err *e);
/* Call it when the writer has returned every message. */
void context_free(struct dispatch_context *c);

/* Call this at the beginning of each step. */
void context_look_at_clocks(struct dispatch_context *c);
/* Compares the wall clock with the Date of an answer to a request that took duration_ms. */
void context_compare_clocks(struct dispatch_context *c, int64_t date, int64_t duration_ms);

/* Returns the wall clock at a monotonic time of this step. A step looks at the wall clock once, so
 * that no jump of the clock comes between what it reads and what it decides. */
static inline int64_t
context_wall(const struct dispatch_context *c, int64_t now)
{
	return now + c->wall_ahead_ms;
}

/* Whether new requests may be sent. */
static inline bool
context_is_sending(const struct dispatch_context *c)
{
	return !c->stopping && !c->failed && !c->held;
}

/* Sends msg to the writer. Returns -1 when the outbox has stopped; the caller then keeps the
 * message. */
int context_send(struct dispatch_context *c, struct outbox_msg *msg, struct errand *errand);
bool errand_is_due(const struct errand *errand, int64_t now);
/* Calls `back` for each message that the writer returned. */
void context_take_mail(struct dispatch_context *c);
/* Warns that the outbox could not be read, at most once a minute. */
void context_warn_reading(struct dispatch_context *c, const struct err *e);
/* Logs e as a warning, as often as `limit` allows. */
void context_warn(struct dispatch_context *c, struct log_limit *limit, const struct err *e);

#endif
