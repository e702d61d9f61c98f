/*
 * What the sites of a dispatcher share: clocks, chance, the outbox, the composer, the transport,
 * and whether anything may be sent at all.
 *
 * Messages to the writer go through an errand. The writer's thread puts the message into a mailbox
 * when its transaction has ended; context_take_mail then calls the errand's `back` on the
 * dispatcher's thread.
 *
 * Failure: a message that the writer cannot keep for a while (no space, locked) may be sent again
 * after CONTEXT_RECORD_AGAIN_MS. After an I/O error, or when the outbox has ended, nothing is sent
 * any more until a restart (`failed`).
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
	struct age age;
	struct outbox_port *outbox;
	const struct composer *composer;
	struct transport *transport;

	struct mailbox returned; /* messages that the writer gave back */
	atomic_int owed;         /* messages that the writer still holds, or is just giving back */

	bool stopping;
	bool failed; /* the outbox keeps nothing any more */
	bool held;   /* the clock is not set: dates would be wrong */
	bool sent;   /* a request was handed to the transport in this step */
	struct log_limit read_limit;
	struct log_limit record_limit;
};

/* One message at a time, on its way to the writer and back. */
struct errand {
	struct dispatch_context *ctx;
	void (*back)(void *owner); /* after the commit, or after the failure; NULL: nothing to do */
	void *owner;
	bool with_writer;
	int64_t not_before_ms; /* the writer could not keep it: not sent again before */
};

/* wake is called on the writer's thread when a message came back. */
int context_init(struct dispatch_context *c, void (*wake)(void *), void *wake_arg, struct err *e);
/* The writer must hold no message any more. */
void context_free(struct dispatch_context *c);

/* May new requests go out? */
static inline bool
context_is_sending(const struct dispatch_context *c)
{
	return !c->stopping && !c->failed && !c->held;
}

/* Hands msg to the writer. -1: the outbox has ended, and the message stays the caller's. */
int context_send(struct dispatch_context *c, struct outbox_msg *msg, struct errand *errand);
bool errand_is_due(const struct errand *errand, int64_t now);
/* Calls `back` for each message that the writer gave back. */
void context_take_mail(struct dispatch_context *c);
/* Warns that the outbox could not be read, at most once a minute. */
void context_warn_reading(struct dispatch_context *c, const struct err *e);
/* The same warning for another cause, with a limit of its own. */
void context_warn(struct dispatch_context *c, struct log_limit *limit, const struct err *e);

#endif
