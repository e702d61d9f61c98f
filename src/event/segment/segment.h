/*
 * What Segment's clients post, taken apart. Pure; any thread.
 *
 * segment_parse walks a request body once. It validates all of it strictly and finds, for each
 * event, what the outbox keeps in columns; everything else stays in the event's bytes.
 * doc/segment.md is the source of the shapes; its odd values are accepted here and end as a status
 * with a reason, so that they stay in the audit.
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

#define SEGMENT_DETAIL_MAX 96 /* bytes of a detail that is printed */
#define SEGMENT_ID_MAX 255    /* bytes of an id of a person; what is longer is none */
/* So much later than its receipt an event may be. */
#define SEGMENT_FUTURE_MAX_MS INT64_C(3600000)

/* Which times of an event have to be corrected when the clock of receipt is set. */
enum segment_provisional {
	SEGMENT_TIMES_FINAL,
	SEGMENT_BOTH_PROVISIONAL,    /* occurred_at counts from our clock, as received_at does */
	SEGMENT_RECEIPT_PROVISIONAL, /* occurred_at is as the client wrote it */
};

/*
 * Slices point into the request's body, or into the parse's scratch where a string had escapes;
 * a detail that is not static is the request's, too.
 */
struct segment_event {
	struct slice body; /* the event's object, byte for byte */
	enum event_kind kind;
	struct slice name;       /* track: `event`; page, screen: `name`; absent otherwise */
	struct slice message_id; /* absent: the outbox makes one */
	struct slice email;      /* see event/segment/person.h; absent when there is none */
	/* ids of the person: strings, or numbers by their text; absent when blank or too long */
	struct slice user_id;
	struct slice anonymous_id;
	struct slice previous_id;  /* of alias alone: the id that user_id replaces */
	int64_t occurred_at;       /* wall ms, corrected by the client's clock offset */
	struct slice integrations; /* the event's own, raw; absent when there are none */
	enum event_status status;  /* pending, unsupported or invalid */
	const char *reason;        /* static; NULL for pending */
	const char *detail;        /* a sentence beside it, or about a pending one; NULL: none */
	bool older_integrations;   /* its body has an older place of them */
	bool erases;               /* the person is to be erased: the site wants it of this call */
	/* for segment_parse, until the whole envelope is known */
	unsigned char email_from; /* enum person_where */
	bool bad_email;           /* a place gave a text that is not an address */
	bool wants_sent_at;       /* occurred_at is still the client's own time */
	/* Which of its times wait for our clock; only with clock_unset. */
	enum segment_provisional provisional;
};

/* Reasons of an event without an address, recognised by these pointers. */
extern const char segment_no_email[];
extern const char segment_invalid_email[];

enum segment_shape {
	SEGMENT_SINGLE, /* the body is one event */
	SEGMENT_BATCH,  /* the body is {"batch":[...], ...} */
	SEGMENT_ARRAY   /* the body is [...], or one event: what Segment itself sends on */
};

struct segment_request {
	/* in */
	struct slice body;
	enum segment_shape shape;
	enum event_kind path_kind; /* KIND_UNKNOWN: each event's `type` decides */
	int64_t received_at;       /* wall ms */
	bool clock_unset;          /* received_at is an estimate, and never too late */
	unsigned max_depth;        /* nesting; JSON_MAX_DEPTH */
	size_t max_event;          /* bytes of one event's text; 0: any */
	size_t max_message_id;     /* characters; 0: any */
	size_t max_events;         /* for how many of a batch there is memory; 0: for any */
	/* out, after 0 */
	struct slice write_key; /* `writeKey` of the body, decoded; absent when there is none, and
				   of SEGMENT_ARRAY, where it is that of Segment's source */
	struct slice context;   /* batch: its raw `context`, `integrations` and `sentAt` values, */
	struct slice integrations; /*     absent when missing */
	struct slice sent_at;
	struct slice site_uuid;  /* bento_api_parse: decoded; absent when there is none */
	bool older_integrations; /* its context has an older place of them */
	bool is_array;           /* of SEGMENT_ARRAY: the body is [...] */
	struct segment_event *events;
	size_t n_events;
	/* owned by the request; reused from one parse to the next; scratch is never larger than
	 * the largest body, events has a place for every "{}," of it at most */
	size_t cap_events;
	struct buf scratch;
	struct buf details; /* texts of details that are not static */
	/* out, after -1: Segment's word for it, static: "invalid_json", "empty_batch", ... */
	const char *code;
	size_t n_excess; /* private: events that exceed max_event or max_message_id */
};

void segment_request_init(struct segment_request *r);
void segment_request_free(struct segment_request *r);
/* segment_no_email: its ids may still tell the address; else segment_invalid_email when one was
 * given.
 */
const char *segment_why_no_email(const struct segment_event *event);
/*
 * Fills the out part. -1 when the body as a whole is refused (400): not JSON, not an object,
 * `batch` missing, not an array or empty, a batch member that is not an object, more events than
 * max_events; e (ERR_INPUT) says what and at which byte. Out of memory is -1 too, with ERR_NOMEM
 * and "out_of_memory": which is not a 400.
 */
int segment_parse(struct segment_request *r, struct err *e);

#endif
