/* The dispatcher with everything around it faked: one or two sites, driven step by step. */
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
	struct dispatch_site_options site; /* may be changed before rig_start */
	bool two;                          /* adds the site RIG_OTHER, with its own options */
	struct dispatch_site_options other;
	struct dispatcher *dispatcher;
	int64_t wait; /* result of the last step */
};

/* Options: batches of 3, 1000 bytes, no pace, concurrency 1, retries 5 s to 1 h. */
void rig_init(struct rig *r);
void rig_start(struct rig *r);
/* Ends the process and starts another: open attempts become unknown, and their events are due
 * again. */
void rig_restart(struct rig *r);
/* Also checks that the outbox found no violation. */
void rig_free(struct rig *r);

/* Steps and commits until nothing is left to do. */
void rig_settle(struct rig *r);
/* Lets time pass, from one wake-up time of the dispatcher to the next. */
void rig_pass(struct rig *r, int64_t ms);
/* Adds n events with the body {"n":ID}, and wakes the dispatcher. */
void rig_add(struct rig *r, size_t n);
/* Answers the newest request and settles. */
void rig_answer(struct rig *r, int status, const char *body);
void rig_break(struct rig *r, enum request_phase phase);

size_t rig_requests(struct rig *r);
/* Return the body of request i (from 0), and of the newest. */
const char *rig_body(struct rig *r, size_t i);
const char *rig_last_body(struct rig *r);

#endif
