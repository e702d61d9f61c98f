/*
 * The last batch that failed while the site was ready, and that may be at fault itself.
 *
 * When the next probe, with another event, passes, the batch was at fault: from then on its events
 * are sent in halves, until one is alone. An event that is at fault and was already set apart is
 * charged: it is delayed, and fails after max_attempts. When the probe fails as well, the cause is
 * an outage, and no event is charged.
 *
 * No event is charged the first time, because a short outage that ends between the two requests
 * looks the same; that rarely happens twice in a row to the same event. Uses no clock and no
 * outbox; dispatcher thread only.
 */
#ifndef DISPATCH_HEALTH_SUSPECTS_H
#define DISPATCH_HEALTH_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/members.h"
#include "event/bento/bento.h"

/* Events that failed alone. Probes avoid them while there are others. */
#define SUSPECTS_FALLEN 64
#define SUSPECTS_STRIKES 2

struct fallen {
	int64_t id;       /* 0: free entry */
	unsigned strikes; /* how often it opened the breaker while another event passed later */
};

struct suspects {
	struct members members;
	enum bento_endpoint endpoint; /* where the members were sent */
	bool murky; /* since then another event, which had failed alone before, failed again */
	/* the members are at fault, and are not replaced until the decision about them is
	 * recorded */
	bool blamed;
	struct fallen fallen[SUSPECTS_FALLEN]; /* a ring of the newest events that failed alone */
	size_t n_fallen;                       /* total ever added */
};

int suspects_reserve(struct suspects *u, size_t max, struct err *e);
void suspects_free(struct suspects *u);
/* Forgets everything. */
void suspects_reset(struct suspects *u);

/* Call it when the site was ready and this batch failed in a way that may be the batch's fault. */
void suspects_note(struct suspects *u, const struct members *members, enum bento_endpoint endpoint);
void suspects_clear(struct suspects *u);
bool suspects_have(const struct suspects *u, int64_t id);
/* Call it when the event was alone in a request that failed in a way that may be the event's fault.
 * Returns whether the event had failed alone before. */
bool suspects_fell(struct suspects *u, int64_t id);
/* Call it when a probe failed with another event, which had failed alone before: the cause of the
 * failures is then in doubt. */
void suspects_doubt_more(struct suspects *u);
/* Call it when the event passed alone: forgets that it failed alone. Returns whether it had. */
bool suspects_stood(struct suspects *u, int64_t id);
/* Whether the event is a suspect or has failed alone: then another one is better for a probe. */
bool suspects_doubt(const struct suspects *u, int64_t id);
/*
 * Call it when a probe with another event passed. Returns true when the suspects are to blame; they
 * stay until suspects_settled. When a probe with an event that had failed alone before failed in
 * between, the cause may have been an outage: then only a single suspect that had failed alone
 * before is to blame, at the SUSPECTS_STRIKES-th such case.
 */
bool suspects_blame(struct suspects *u);
/* Call it when the decision about the suspects was recorded or given up. */
void suspects_settled(struct suspects *u);

#endif
