/*
 * What a site that forwards to a central spooler says there beside its events: how many events wait
 * and since when. Each request carries this report, and while there are no requests a heartbeat
 * without events does, so that the center knows that the box lives. A heartbeat leaves no row and
 * changes nothing here, whatever is answered.
 *
 * Dispatcher thread only; times are monotonic ms.
 */
#ifndef DISPATCH_OUTGOING_CENTER_H
#define DISPATCH_OUTGOING_CENTER_H

#include <stdbool.h>
#include <stdint.h>

#include "dispatch/context.h"
#include "dispatch/members.h"
#include "dispatch/outgoing/owner.h"
#include "dispatch/site_settings.h"

#define CENTER_REPORT_SIZE 128

struct center {
	struct request_owner owner; /* must be first: of the heartbeat's request */
	struct dispatch_context *ctx;
	const struct site_settings *settings;
	char report[CENTER_REPORT_SIZE];
	bool in_flight;  /* a heartbeat is on the wire */
	int64_t next_ms; /* when the next heartbeat is due; INT64_MIN: at once */
};

/* ctx and settings must outlive c, which must not move. */
void center_init(
    struct center *c, struct dispatch_context *ctx, const struct site_settings *settings);
/* Returns the report, as it is once the center has the events that the request carries (NULL:
 * none); NULL when the site does not forward. */
const char *center_report(struct center *c, const struct members *carried);
/* A request goes out now: the next heartbeat is due one interval later. */
void center_sent(struct center *c, int64_t now);
/* Sends a heartbeat. Returns whether it was sent. */
bool center_beat(struct center *c, int64_t now);
/* Returns when the next heartbeat is due; CONTEXT_NEVER: not until something happens. */
int64_t center_next(const struct center *c);

#endif
