/* Decides whether an event is meant for Bento, by every spelling of an opt-out that the SDKs
 * document. In doubt the event is not meant for Bento. Pure; any thread. */
#ifndef EVENT_MAPPING_INTEGRATIONS_H
#define EVENT_MAPPING_INTEGRATIONS_H

#include <stdbool.h>

#include "base/slice.h"

/* Raw values; absent where the request has none. */
struct integrations {
	struct slice own;   /* the event's `integrations` */
	struct slice batch; /* the `integrations` of its batch */
	/* the event, when it uses one of the older places (event_fields.older) */
	struct slice older_body;
	/* the context of its batch, when it uses one of the older places */
	struct slice older_context;
};

/* Whether the event is meant for Bento. name is the site's own name among the integrations. */
bool integrations_allow(const struct integrations *i, const char *name);

#endif
