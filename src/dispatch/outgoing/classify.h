/*
 * Classifies the result of a request, and says what that means for its events. The policy itself is
 * event/bento/verdict; dispatch/health says what it means for the site.
 */
#ifndef DISPATCH_OUTGOING_CLASSIFY_H
#define DISPATCH_OUTGOING_CLASSIFY_H

#include "dispatch/health/health.h"
#include "dispatch/queue/batch.h"
#include "dispatch/site_settings.h"
#include "dispatch/transport/transport.h"
#include "event/bento/verdict.h"
#include "outbox/outbox.h"

struct classified {
	struct verdict_facts facts; /* borrows the result's error */
	struct verdict verdict;
};

/* Reads the batch's events again after a partial answer, to see whether they may be repeated. */
void classify(const struct batch *batch, const struct transport_result *result,
    const struct health *health, struct classified *ret);
/* What the audit says of a failure: Bento's own words, the transport's, or ours; "" when all was
 * delivered. */
void classify_explain(const struct classified *c, char *ret_text, size_t size);
/* Writes what happens to the members into the record of the attempt's end. */
void classify_apply(
    const struct classified *c, const struct members *members, struct outbox_attempt_end *end);

#endif
