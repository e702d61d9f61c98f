/*
 * Turns a Segment event into Bento's event. Pure; any thread.
 *
 * A track call becomes what the Segment destination function makes of it: type is the event's name,
 * then email, details from properties, and fields from the names. struct mapping_options says what
 * other kinds become, event/mapping/admit.h which events are not forwarded, and
 * event/mapping/rules.h what rules change. `properties` is copied byte for byte. The options add
 * details.unique.key (unless properties has a usable `unique`) and date.
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
	MAPPING_IDENTIFY_SUBSCRIBERS    /* an upsert of the subscriber, which does not trigger
					   automations */
};

/*
 * What to do with track calls whose name is a reserved type of Bento, which acts on the subscriber.
 */
enum mapping_reserved {
	MAPPING_RESERVED_SERVER, /* forward them, unless a browser sent them */
	MAPPING_RESERVED_PASS,
	MAPPING_RESERVED_BLOCK
};

#define MAPPING_NAME_SIZE 128 /* bytes of the texts below, NUL included */

/* The struct can be copied. With all zeros the mapping does what the Segment function did, without
 * a key and a date. */
struct mapping_options {
	/* The site forwards the calls themselves to a central spooler, which decides; nothing else
	 * here matters then. */
	bool forward;
	bool unique_key; /* details.unique.key = messageId */
	bool send_date;  /* date = the time of the event */
	enum mapping_identify identify;
	enum mapping_reserved reserved;
	bool omit_arrays;  /* leave arrays of traits out; else each becomes one text */
	bool change_email; /* alias calls change the subscriber's address; else they are not
			      forwarded */
	/* The names that these kinds get; "": not forwarded. {name} stands for the name in the
	 * call. */
	char page[MAPPING_NAME_SIZE];
	char screen[MAPPING_NAME_SIZE];
	char group[MAPPING_NAME_SIZE];
	char integration[MAPPING_NAME_SIZE]; /* the site's name in `integrations`; "": Bento */
	struct trait_names fields;           /* other names for traits */
	struct rules rules;                  /* rules for track calls, by name */
};

/* Reasons; callers compare these pointers. */
extern const char mapping_not_forwarded[]; /* "unsupported_event_type" */
extern const char mapping_not_for_us[];    /* "integrations" */
extern const char mapping_reserved_type[]; /* "reserved_type" */
extern const char mapping_dropped[];       /* "rule" */

/* The stored values of one event; all slices are borrowed. */
struct mapping_input {
	struct slice body;    /* the event's object as received; already validated */
	struct slice context; /* the batch's raw `context`; absent when there is none */
	struct slice name;    /* decoded */
	struct slice email;   /* decoded; the address that the event goes to */
	struct slice message_id;
	int64_t occurred_at; /* wall ms */
	int64_t received_at; /* wall ms; only used by forward, as is maybe_sent */
	bool maybe_sent;     /* an earlier request may have brought it */
	enum event_kind kind;
	bool browser;                    /* the request had an Origin header */
	struct slice batch_integrations; /* raw; absent when there is none */
};

/* What one stored event becomes. */
struct mapped {
	enum bento_endpoint endpoint;
	unsigned items; /* members of the endpoint's array, as Bento counts them; at least 1 */
};

/*
 * Appends the members of the endpoint's array that the event becomes, with commas between them.
 * Returns 0; or -1, with `to` unchanged. *ret_reason is then a static word such as
 * "properties_not_object" when the event can never be sent, or NULL when `to` is full.
 */
int mapping_append(const struct mapping_options *o, const struct mapping_input *in, struct buf *to,
    struct mapped *ret_mapped, const char **ret_reason);

/* The status of an event that cannot be sent for this reason. */
enum event_status mapping_status(const char *reason);
/*
 * Whether mapping_append writes a details.unique.key by which Bento can drop a repeat of the event:
 * the program's key, or the event's own when it is a number or a text that is not empty.
 */
bool mapping_has_key(const struct mapping_options *o, const struct mapping_input *in);

/* Writes the options as one line of JSON. Each attempt keeps it, so that the audit can show what
 * was sent. */
void mapping_describe(const struct mapping_options *o, struct buf *to);
/* Parses "none", "update_fields" or "subscribers"; and "server", "pass" or "block". Returns -1 for
 * any other name. */
int mapping_identify_parse(const char *name, enum mapping_identify *ret);
int mapping_reserved_parse(const char *name, enum mapping_reserved *ret);
/* Reads the output of mapping_describe. Returns -1 for any other text. */
int mapping_parse(struct slice text, struct mapping_options *ret_o);

#endif
