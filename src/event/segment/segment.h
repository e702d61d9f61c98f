/*
 * Parses the requests of Segment's clients. Pure; any thread.
 *
 * segment_parse walks a request body once. It validates the whole body strictly and finds the
 * columns of each event; everything else stays in the event's bytes. doc/segment.md describes the
 * formats. An event with odd values is accepted and gets a status with a reason, so that the audit
 * shows it.
 */
#ifndef EVENT_SEGMENT_SEGMENT_H
#define EVENT_SEGMENT_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/kind.h"

#define SEGMENT_DETAIL_MAX 96 /* bytes of a detail that is formatted */
#define SEGMENT_ID_MAX 255    /* bytes of a person's id; a longer one is ignored */
/* An event may be at most this much later than its receipt. */
#define SEGMENT_FUTURE_MAX_MS INT64_C(3600000)

/* Which times of an event have to be corrected when the clock of receipt is set. */
enum segment_provisional {
	SEGMENT_TIMES_FINAL,
	SEGMENT_BOTH_PROVISIONAL,    /* both times are by our clock */
	SEGMENT_RECEIPT_PROVISIONAL, /* only received_at: occurred_at is the client's time */
};

/*
 * Slices point into the request's body, or into the request's scratch when a string had escapes. A
 * detail that is not static belongs to the request.
 */
struct segment_event {
	struct slice body; /* the event's object, byte for byte */
	enum event_kind kind;
	struct slice name;       /* track: `event`; page, screen: `name`; else absent */
	struct slice message_id; /* absent: the outbox generates one */
	struct slice email;      /* see event/segment/person.h; absent when there is none */
	/* a person's id: a string, or a number by its text; absent when blank or too long */
	struct slice user_id;
	struct slice anonymous_id;
	struct slice previous_id;  /* alias only: the id that user_id replaces */
	int64_t occurred_at;       /* wall ms, corrected by the client's clock offset */
	struct slice integrations; /* the event's own, raw; absent when it has none */
	enum event_status status;  /* pending, unsupported or invalid */
	const char *reason;        /* static; NULL for pending */
	const char *detail; /* a sentence that explains the reason, or concerns a pending event;
			       NULL: none */
	bool older_integrations; /* the body has an older place of integrations */
	bool erases;             /* the site erases the person for this call */
	/* used by segment_parse until it has read the whole envelope */
	unsigned char email_from; /* enum person_where */
	bool bad_email;           /* a place had a text that is not an address */
	bool wants_sent_at;       /* occurred_at is still the client's uncorrected time */
	/*
	 * Which times of the event must be corrected once our clock is set; only with clock_unset.
	 */
	enum segment_provisional provisional;
};

/* Reasons of an event without an address. */
extern const char segment_no_email[];
extern const char segment_invalid_email[];

/* Whether the event has one of these two reasons. A reason is compared by its text, because it may
 * come from a line or a row. */
bool segment_lacks_address(const struct segment_event *event);
/* Whether the event's reason is segment_no_email. */
bool segment_has_no_email(const struct segment_event *event);
/* Whether the event lacks only an address, and has ids that may lead to it. */
bool segment_lacks_only_address(const struct segment_event *event);

/*
 * What a forwarded event brings from the edge, besides its call (event/segment/forwarded.h). Slices
 * point into the body.
 */
struct segment_origin {
	int64_t received_at;  /* wall ms, at the edge; not after its arrival here */
	int64_t claimed_at;   /* the time of receipt as the edge states it */
	struct slice context; /* raw values of its own batch, absent when missing */
	struct slice integrations;
	bool older_integrations; /* the context has an older place of integrations */
	bool browser;            /* its request had an Origin header */
	bool maybe_sent;         /* an earlier request of the box may have brought it */
};

enum segment_shape {
	SEGMENT_SINGLE, /* the body is one event */
	SEGMENT_BATCH,  /* the body is {"batch":[...], ...} */
	SEGMENT_ARRAY   /* the body is [...], or one event: the format in which Segment forwards */
};

struct segment_request {
	/* in */
	struct slice body;
	enum segment_shape shape;
	enum event_kind path_kind; /* KIND_UNKNOWN: the `type` of each event decides */
	int64_t received_at;       /* wall ms */
	bool clock_unset;   /* received_at is an estimate that is never later than the real time */
	unsigned max_depth; /* levels of nesting; JSON_MAX_DEPTH */
	size_t max_event;   /* bytes of one event; 0: no limit */
	size_t max_message_id; /* characters; 0: no limit */
	size_t max_events;     /* events in a batch, as many as fit in memory; 0: no limit */
	/* out, when segment_parse returns 0 */
	struct slice write_key; /* decoded `writeKey` of the body. Absent when missing, and for
				   SEGMENT_ARRAY, where it belongs to Segment's source */
	struct slice context;   /* raw values of the batch, absent when missing: `context`, */
	struct slice integrations;
	struct slice sent_at;
	struct slice site_uuid;  /* set by bento_api_parse, decoded; absent when missing */
	bool older_integrations; /* the batch's context has an older place of integrations */
	bool is_array;           /* SEGMENT_ARRAY: the body is [...] */
	struct segment_event *events;
	size_t n_events;
	/* owned by the request and reused by the next parse. scratch is at most as large as the
	 * largest body; events has at most one place for each "{}," of it */
	size_t cap_events;
	/* forwarded_parse: one for each event; NULL before the first such parse */
	struct segment_origin *origins;
	size_t n_origins; /* as many as events, or none */
	size_t cap_origins;
	struct buf scratch;
	struct buf details; /* texts of details that are not static */
	/* out, when segment_parse returns -1: Segment's static word for the error: "invalid_json",
	 * "empty_batch", ... */
	const char *code;
	size_t n_excess; /* private: events that exceed max_event or max_message_id */
};

void segment_request_init(struct segment_request *r);
void segment_request_free(struct segment_request *r);
/* Returns the reason of an event without an address: segment_invalid_email when it has an invalid
 * address, and no id that may still lead to a valid one; else segment_no_email. */
const char *segment_why_no_email(const struct segment_event *event);
/*
 * Fills the `out` part. Returns -1 when the body as a whole is refused (400): it is not JSON or not
 * an object, `batch` is missing, empty or not an array, a member of the batch is not an object, or
 * there are more than max_events. e (ERR_INPUT) says what is wrong, and at which byte. Without
 * memory it returns -1 with ERR_NOMEM and "out_of_memory", which is not a 400.
 */
int segment_parse(struct segment_request *r, struct err *e);

#endif
