/*
 * Requests by outcome: how many were accepted, and how many were refused for which reason. Each
 * refusal is logged, at most once a minute for a reason and client address; the counts go to the
 * outbox every second, where they outlive the process (outbox/write/requests.h).
 *
 * A reason is the code of the answer, or "cut_off" when the client closed its connection in the
 * middle of a request. Main thread.
 */
#ifndef INGEST_REFUSALS_H
#define INGEST_REFUSALS_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "outbox/outbox.h"

#define REFUSAL_ADDRESS_SIZE 64
/* Pairs of reason and client address whose log lines are limited; beyond these the oldest goes. */
#define REFUSAL_CLIENTS 256
#define REFUSAL_LOG_MS 60000

struct refusals;

int refusals_new(struct outbox *outbox, const struct clock *clock, struct refusals **ret_refusals,
    struct err *e);
/* After outbox_stop: until then the writer may hold the last counts. */
void refusals_free(struct refusals *r);

/* reason is static. message says what is wrong, without keys or bodies; fd is the client's socket.
 */
void refusals_add(struct refusals *r, const char *reason, const char *message, int fd);
void refusals_add_accepted(struct refusals *r);
/* An event was not stored: its messageId is known, with other content. Logged once a minute. */
void refusals_log_reused(struct refusals *r, int64_t event_id);
/* Once a second, and before outbox_stop: hands the counts over, logs what was left out. */
void refusals_tick(struct refusals *r);

#endif
