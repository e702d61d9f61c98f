/*
 * How Bento treats one site: whether it can be asked, with how much, and who may be to blame when
 * it cannot. An outage is a state of the site: it costs the events nothing.
 *
 * Holds the breaker, the suspects, and what was learnt about Bento (the size of a body, refusals in
 * a row), and knows the state as the outbox and the log show it: ready, backing off or paused.
 *
 * Nothing here fails, except health_reserve. Dispatcher thread only.
 */
#ifndef DISPATCH_HEALTH_HEALTH_H
#define DISPATCH_HEALTH_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/context.h"
#include "dispatch/health/breaker.h"
#include "dispatch/health/suspects.h"
#include "dispatch/members.h"
#include "dispatch/site_settings.h"
#include "event/bento/verdict.h"
#include "outbox/outbox.h"

struct health {
	struct dispatch_context *ctx;
	const struct site_settings *settings;
	struct breaker breaker;
	struct suspects suspects;
	size_t byte_limit; /* of a body: smaller than batch_bytes after a 413 */
	unsigned refused;  /* single events refused in a row */
	bool outdated;     /* new settings wait to be used */

	struct outbox_site_state state;
	bool changed; /* the state, since health_take_change */
	struct outbox_site_change announcement;
	struct errand errand;
	bool announced;
};

/* What came of a request. */
struct health_answer {
	const struct verdict_facts *facts;
	const struct verdict *verdict;
	const struct members *members;
	uint64_t epoch;  /* of health_sent */
	bool probe;      /* it was a single event, sent to ask whether the site is ready again */
	size_t n_bytes;  /* of its body */
	bool full_bytes; /* it was as large as a body may be */
};

/* settings must outlive h, at the same place. Takes from them what the process before learnt. */
void health_init(
    struct health *h, struct dispatch_context *ctx, const struct site_settings *settings);
/* Makes room for what these settings need. -1: no memory, nothing changed. */
int health_reserve(struct health *h, const struct site_settings *settings, struct err *e);
void health_free(struct health *h);
/*
 * h->settings were replaced. What was learnt about Bento stays; what failed under the old settings
 * says nothing about the events, and a pause ends.
 */
void health_reload(struct health *h, const struct site_settings *old, int64_t now);
/* Other settings wait to be used: a request that fails because of the old ones says nothing. */
void health_outdate(struct health *h, bool outdated);

/* When the next request may go out; CONTEXT_NEVER: after the probe that is in flight. */
int64_t health_next(const struct health *h);
/* How many requests may be in flight. */
size_t health_width(const struct health *h);
/* Will the next answer decide how large a batch may be? */
bool health_is_careful(const struct health *h);
bool health_is_probing(const struct health *h);

/* A request is about to go out. Returns the epoch for its answer. */
uint64_t health_sent(struct health *h);
/* Would a request of this epoch still be sent now? */
bool health_is_current(const struct health *h, uint64_t epoch);
/* The probe ended without saying anything about Bento. */
void health_lost_probe(struct health *h);
/* Learns from an answer. True when the suspects are to blame: see suspects_blame. */
bool health_take_answer(struct health *h, const struct health_answer *a);
/* An operator wants the site to be tried at once. */
void health_retry(struct health *h, int64_t now);

/* How the site stands, and what was learnt, as the outbox keeps it. */
struct outbox_site_state health_record(const struct health *h);
/* Replaces, once, what an earlier process left in the site's row: this one has not failed yet. */
void health_announce(struct health *h);
bool health_is_announcing(const struct health *h);
/* Whether the state changed since the last call: a line for the log is due. */
bool health_take_change(struct health *h);

#endif
