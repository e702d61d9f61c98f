/*
 * Decides which events a site forwards, by its settings: at receipt, from the columns, and again
 * when an event is sent, because a requeue can bring an event back and settings change. Pure; any
 * thread.
 */
#ifndef EVENT_MAPPING_ADMIT_H
#define EVENT_MAPPING_ADMIT_H

#include <stdbool.h>

#include "base/slice.h"
#include "event/kind.h"
#include "event/mapping/integrations.h"
#include "event/mapping/mapping.h"

struct admit_facts {
	enum event_kind kind;
	struct slice name; /* decoded; absent when the event has none */
	bool browser; /* the request had an Origin header, so anybody may have written the event */
	struct integrations integrations;
};

/*
 * Returns NULL when the event is forwarded, as far as these facts show. Otherwise returns a static
 * word: "unsupported_event_type", "integrations", "rule" or "reserved_type"; mapping_status gives
 * the status for it.
 */
const char *admit_event(const struct mapping_options *o, const struct admit_facts *f);
/* Whether fields may hold words that Bento acts on: never from a browser. */
bool admit_acts_by_field(const struct mapping_options *o, bool browser);

#endif
