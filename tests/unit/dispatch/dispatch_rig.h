/* The dispatcher with everything around it faked: one site or two, driven step by step. */
#ifndef UNIT_DISPATCH_DISPATCH_RIG_H
#define UNIT_DISPATCH_DISPATCH_RIG_H

#include "dispatch/dispatcher_private.h"
#include "lib/fake_clock.h"
#include "unit/dispatch/fake_outbox.h"
#include "unit/dispatch/fake_transport.h"

#define RIG_SITE 7
#define RIG_OTHER 8

struct rig {
	struct fake_clock time;
	struct clock clock;
	struct fake_outbox *outbox;
	struct fake_transport *transport;
	struct dispatch_site_options site; /* change before rig_start */
	bool two;                          /* another site, RIG_OTHER, with options of its own */
	struct dispatch_site_options other;
	struct dispatcher *dispatcher;
	int64_t wait; /* what the last step returned */
};

/* Options: batches of 3, 1000 bytes, no pace, concurrency 1, retries 5 s to 1 h. */
void rig_init(struct rig *r);
void rig_start(struct rig *r);
/* The process dies, and another starts: open attempts are unknown, their events due again. */
void rig_restart(struct rig *r);
/* Checks that the outbox saw nothing wrong. */
void rig_free(struct rig *r);

/* Steps and commits until there is nothing to do. */
void rig_settle(struct rig *r);
/* Lets time pass, in leaps from one wish of the dispatcher to the next. */
void rig_pass(struct rig *r, int64_t ms);
/* n events that say {"n":ID}, and a wake. */
void rig_add(struct rig *r, size_t n);
/* Answers the newest request, and settles. */
void rig_answer(struct rig *r, int status, const char *body);
void rig_break(struct rig *r, enum request_phase phase);

size_t rig_requests(struct rig *r);
/* The body of request i (from 0), and of the newest. */
const char *rig_body(struct rig *r, size_t i);
const char *rig_last_body(struct rig *r);

#endif
