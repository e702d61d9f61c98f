/*
 * Counts requests by outcome: accepted, or refused for a reason. Refusals are logged at most once a
 * minute for each reason and client address. The counts go to the outbox every second, where they
 * outlive the process (outbox/write/requests.h).
 *
 * A reason is the code of the answer, or "cut_off" when the client closed its connection in the
 * middle of a request. Main thread.
 */
#ifndef INGEST_REFUSALS_H
#define INGEST_REFUSALS_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/meter/word_counts.h"
#include "outbox/outbox.h"

#define REFUSAL_ADDRESS_SIZE 64
/* Pairs of reason and client address whose log lines are limited; a new pair replaces the
 * oldest. */
#define REFUSAL_CLIENTS 256
#define REFUSAL_LOG_MS 60000

struct refusals;

int refusals_new(struct outbox *outbox, const struct clock *clock, struct refusals **ret_refusals,
    struct err *e);
/* Call it after outbox_stop: until then the writer may hold the last counts. */
void refusals_free(struct refusals *r);

/* reason is static. message says what is wrong, without keys or bodies. fd is the client's
 * socket. */
void refusals_add(struct refusals *r, const char *reason, const char *message, int fd);
void refusals_add_accepted(struct refusals *r);
/* Requests since the start. */
void refusals_count(const struct refusals *r, uint64_t *ret_accepted, uint64_t *ret_refused);
/* The same by outcome; any thread may read it. */
const struct word_counts *refusals_outcomes(const struct refusals *r);
/* Logs, at most once a minute, that an event was not stored because its messageId belongs to
 * event_id, which has other content. */
void refusals_log_reused(struct refusals *r, int64_t event_id);
/* Call it once a second, and before outbox_stop: sends the counts, and logs how many lines were
 * left out. */
void refusals_tick(struct refusals *r);

#endif
