/*
 * Which events a site forwards at all, by its settings: decided at receipt from what stands in
 * columns, and once more when an event is sent, because a requeue may bring it back and settings
 * change. Pure; any thread.
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
	struct slice name; /* decoded; absent when there is none */
	bool browser;      /* the request had an Origin: anybody may have written it */
	struct integrations integrations;
};

/*
 * NULL: it is forwarded, as far as these facts show. Otherwise a static word:
 * "unsupported_event_type", "integrations", "rule" or "reserved_type"; mapping_status says the
 * status.
 */
const char *admit_event(const struct mapping_options *o, const struct admit_facts *f);
/* Whether words that Bento acts on may be fields: never from a browser. */
bool admit_acts_by_field(const struct mapping_options *o, bool browser);

#endif
