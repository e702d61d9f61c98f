/*
 * From a Segment event to Bento's event. Pure; any thread.
 *
 * A track call becomes what the Segment destination function made of it: type = event, email,
 * details = properties, fields from the names. Other kinds: see struct mapping_options; what is not
 * forwarded at all is event/admit's to say. Rules by name: event/mapping/rules.h. `properties` is
 * copied byte for byte. Added are details.unique.key (unless properties has a `unique` of any kind)
 * and date, when the options say so.
 */
#ifndef EVENT_MAPPING_MAPPING_H
#define EVENT_MAPPING_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/bento/bento.h"
#include "event/kind.h"
#include "event/mapping/rules.h"
#include "event/mapping/traits.h"

enum mapping_identify {
	MAPPING_IDENTIFY_NONE,          /* not forwarded */
	MAPPING_IDENTIFY_UPDATE_FIELDS, /* a $update_fields event, which triggers automations */
	MAPPING_IDENTIFY_SUBSCRIBERS    /* an upsert of the subscriber, which does not */
};

/* Track calls whose name is one of Bento's reserved types, which act on the subscriber. */
enum mapping_reserved {
	MAPPING_RESERVED_SERVER, /* pass, unless a browser sent them */
	MAPPING_RESERVED_PASS,
	MAPPING_RESERVED_BLOCK
};

#define MAPPING_NAME_SIZE 128 /* of the texts below, with their end */

/* Copied as a whole; zeros are what the Segment function did, without key and date. */
struct mapping_options {
	bool unique_key; /* details.unique.key = messageId */
	bool send_date;  /* date = when it happened */
	enum mapping_identify identify;
	enum mapping_reserved reserved;
	bool omit_arrays;  /* of traits; else they become one text */
	bool change_email; /* alias calls change the subscriber's address; else not forwarded */
	/* The names that these kinds get; "": not forwarded. {name} stands for the call's own. */
	char page[MAPPING_NAME_SIZE];
	char screen[MAPPING_NAME_SIZE];
	char group[MAPPING_NAME_SIZE];
	char integration[MAPPING_NAME_SIZE]; /* our name in `integrations`; "": Bento */
	struct trait_names fields;           /* of traits */
	struct rules rules;                  /* of track calls, by their names */
};

/* Reasons, recognised by these pointers. */
extern const char mapping_not_forwarded[]; /* "unsupported_event_type" */
extern const char mapping_not_for_us[];    /* "integrations" */
extern const char mapping_reserved_type[]; /* "reserved_type" */
extern const char mapping_dropped[];       /* "rule" */

/* What the outbox kept of one event; all slices borrowed. */
struct mapping_input {
	struct slice body;    /* the event's object as received: already validated */
	struct slice context; /* the batch's `context`, raw; absent when there was none */
	struct slice name;    /* decoded */
	struct slice email;   /* decoded; the address it is delivered to */
	struct slice message_id;
	int64_t occurred_at; /* wall ms */
	enum event_kind kind;
	bool browser;                    /* the request had an Origin */
	struct slice batch_integrations; /* raw; absent when there were none */
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
/* "none", "update_fields", "subscribers"; "server", "pass", "block". -1 when it is none. */
int mapping_identify_parse(const char *name, enum mapping_identify *ret);
int mapping_reserved_parse(const char *name, enum mapping_reserved *ret);
/* Reads what mapping_describe wrote; -1 when it is something else. */
int mapping_parse(struct slice text, struct mapping_options *ret_o);

#endif
