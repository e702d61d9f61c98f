/*
 * Classifies the result of a request and its effect on the events. event/bento/verdict has the
 * policy; dispatch/health handles the effect on the site.
 */
#ifndef DISPATCH_OUTGOING_CLASSIFY_H
#define DISPATCH_OUTGOING_CLASSIFY_H

#include "dispatch/health/health.h"
#include "dispatch/outgoing/parts.h"
#include "dispatch/queue/batch.h"
#include "dispatch/site_settings.h"
#include "dispatch/transport/transport.h"
#include "event/bento/verdict.h"
#include "outbox/outbox.h"

struct classified {
	struct verdict_facts facts; /* borrows the result's error */
	struct verdict verdict;
};

/* After a partial answer, reads the batch's events again to see whether they may be repeated. */
void classify(const struct batch *batch, const struct transport_result *result,
    const struct health *health, struct classified *ret);
/* Writes the error for the audit: Bento's, the transport's, or ours; "" when all events were
 * delivered. */
void classify_explain(const struct classified *c, char *ret_text, size_t size);
/* Writes the verdict's effect on the members into the record of the attempt's end. */
void classify_apply(
    const struct classified *c, const struct members *members, struct outbox_attempt_end *end);

/* Returns what the answer shows about the events, for dispatch/outgoing/parts. */
struct shown classify_shown(const struct classified *c);

#endif
