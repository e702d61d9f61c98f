/*
 * Whether an event is meant for Bento, by every spelling of an opt-out that the SDKs document. In
 * doubt it is not. Pure; any thread.
 */
#ifndef EVENT_MAPPING_INTEGRATIONS_H
#define EVENT_MAPPING_INTEGRATIONS_H

#include <stdbool.h>

#include "base/slice.h"

/* Raw values; absent where there is none. */
struct integrations {
	struct slice own;   /* the event's `integrations` */
	struct slice batch; /* its batch's */
	struct slice
	    older_body; /* the event, when it has one of the older places (event_fields.older) */
	struct slice older_context; /* its batch's context, when that has one */
};

/* name: ours among the integrations. */
bool integrations_allow(const struct integrations *i, const char *name);

#endif
