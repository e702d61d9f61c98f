/*
 * How Bento treats one site: whether a request may be sent, how large it may be, and which events
 * may be the cause of failures. An outage is a state of the site; it is not charged to the events.
 *
 * struct health has the breaker, the suspects, learned values (the size limit of a body, refusals
 * in a row), and the state for the outbox and the log: ready, backing off or paused.
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

/*
 * How many failures events excuse once they were to blame for one. A probe that passed at another
 * endpoint than theirs takes one away, because the cause may be an outage of one endpoint alone;
 * one that passed at the same endpoint gives all back. A failure of the site ends all excuses.
 */
#define HEALTH_EXCUSES 8

struct health {
	struct dispatch_context *ctx;
	const struct site_settings *settings;
	struct breaker breaker;
	struct suspects suspects;
	size_t byte_limit; /* bytes of a body: less than batch_bytes after a 413 */
	unsigned refused;  /* single events refused in a row */
	bool outdated;     /* new settings wait to be used */
	/* Not 0: events were at fault for the last failures, so the next one is probed at once. */
	unsigned excuses;

	struct outbox_site_state state;
	bool changed; /* the state changed since health_take_change */
	struct outbox_site_change announcement;
	struct errand errand;
	bool announced;
};

/* The result of a request. */
struct health_answer {
	const struct verdict_facts *facts;
	const struct verdict *verdict;
	const struct members *members;
	enum bento_endpoint endpoint;
	uint64_t epoch; /* from health_sent */
	bool probe; /* the request was a single event that tests whether the site is ready again */
	size_t n_bytes;  /* size of its body */
	bool full_bytes; /* the body was as large as allowed */
};

/* settings must outlive h and not move. Takes over what the previous process learned. */
void health_init(
    struct health *h, struct dispatch_context *ctx, const struct site_settings *settings);
/* Makes room for new settings. Returns -1 without memory; nothing changes then. */
int health_reserve(struct health *h, const struct site_settings *settings, struct err *e);
void health_free(struct health *h);
/*
 * Call it after h->settings were replaced. Learned values stay. Failures under the old settings do
 * not count against the events, and a pause ends.
 */
void health_reload(struct health *h, const struct site_settings *old, int64_t now);
/* Sets whether new settings wait to be used: then a request that fails because of the old ones does
 * not count. */
void health_outdate(struct health *h, bool outdated);

/* Returns when the next request may be sent; CONTEXT_NEVER: after the probe in flight. */
int64_t health_next(const struct health *h);
/* Returns how many requests may be in flight. */
size_t health_width(const struct health *h);
/* Whether the next answer decides how large a batch may be. */
bool health_is_careful(const struct health *h);
bool health_is_probing(const struct health *h);

/* Call it before a request is sent. Returns the epoch for its answer. */
uint64_t health_sent(struct health *h);
/* Whether the site has not failed since this epoch, so that its request may still be sent. */
bool health_is_current(const struct health *h, uint64_t epoch);
/* Call it when the probe ended without information about Bento. */
void health_lost_probe(struct health *h);
/* Takes an answer into account. Returns true when the suspects are to blame: see suspects_blame. */
bool health_take_answer(struct health *h, const struct health_answer *a);
/* Call it when an operator wants the site to be tried at once. */
void health_retry(struct health *h, int64_t now);

/* Returns the state and the learned values, for the site's row in the outbox. */
struct outbox_site_state health_record(const struct health *h);
/* On its first call, replaces the state that an earlier process left in the site's row with the
 * present state. */
void health_announce(struct health *h);
bool health_is_announcing(const struct health *h);
/* Returns whether the state changed since the last call: a log line is due. */
bool health_take_change(struct health *h);

#endif
