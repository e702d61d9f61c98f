/*
 * From a Segment event to Bento's event. Pure; any thread.
 *
 * As the Segment destination function: type = event, email, details = properties, fields from the
 * names. `properties` is copied byte for byte. Added are details.unique.key (unless properties has
 * a `unique` of any kind) and date, when the options say so.
 */
#ifndef EVENT_MAPPING_H
#define EVENT_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/bento.h"
#include "event/kind.h"

struct mapping_options {
	bool unique_key; /* details.unique.key = messageId */
	bool send_date;  /* date = when it happened */
};

/* What the outbox kept of one event; all slices borrowed. */
struct mapping_input {
	struct slice body;    /* the event's object as received: already validated */
	struct slice context; /* the batch's `context`, raw; absent when there was none */
	struct slice name;    /* decoded */
	struct slice email;   /* decoded; the address it is delivered to */
	struct slice message_id;
	int64_t occurred_at; /* wall ms */
	enum event_kind kind;
};

/* What one stored event becomes. */
struct mapped {
	enum bento_endpoint endpoint;
	unsigned items; /* members of the endpoint's array: what Bento counts; at least 1 */
};

/*
 * Appends what the event becomes to `to`: members of the array that the endpoint takes, commas
 * between them. 0, or -1 (then `to` is as it was): with *ret_reason set to a static word such as
 * "properties_not_object" when the event can never become one, or NULL when `to` is full.
 */
int mapping_append(const struct mapping_options *o, const struct mapping_input *in, struct buf *to,
    struct mapped *ret_mapped, const char **ret_reason);

/* The status of an event that cannot become one for this reason. */
enum event_status mapping_status(const char *reason);
/*
 * Whether what mapping_append makes of the event carries a details.unique.key by which Bento can
 * drop a repeat: ours, or the event's own when it is a number or a text that is not empty.
 */
bool mapping_has_key(const struct mapping_options *o, const struct mapping_input *in);

/* The options as one line of JSON, kept with each attempt so that what was sent can be shown. */
void mapping_describe(const struct mapping_options *o, struct buf *to);
/* Reads what mapping_describe wrote; -1 when it is something else. */
int mapping_parse(struct slice text, struct mapping_options *ret_o);

#endif
