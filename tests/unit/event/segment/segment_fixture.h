/* A request, and how tests fill it in. Include it after lib/unit.h. */
#ifndef UNIT_EVENT_SEGMENT_SEGMENT_FIXTURE_H
#define UNIT_EVENT_SEGMENT_SEGMENT_FIXTURE_H

#include "event/json/json.h"
#include "event/segment/segment.h"

#define RECEIVED INT64_C(1785587700000) /* 2026-08-01T12:35:00.000Z */
#define CLIENT INT64_C(1785584096789)   /* 2026-08-01T11:34:56.789Z */

static struct segment_request r;
static struct err e;

static inline int
start(void **state)
{
	(void)state;
	segment_request_init(&r);
	return 0;
}

static inline int
stop(void **state)
{
	(void)state;
	segment_request_free(&r);
	return 0;
}

static inline int
parse(enum segment_shape shape, enum event_kind path_kind, const char *body)
{
	r.body = slice_from(body);
	r.shape = shape;
	r.path_kind = path_kind;
	r.received_at = RECEIVED;
	r.max_depth = JSON_MAX_DEPTH;
	e.text[0] = '\0';
	return segment_parse(&r, &e);
}

/* One event posted to /v1/track. */
static inline const struct segment_event *
track(const char *body)
{
	if (parse(SEGMENT_SINGLE, KIND_TRACK, body) != 0)
		fail_msg("%s: %s", body, e.text);
	assert_int_equal(r.n_events, 1);
	return &r.events[0];
}

/* A batch that must be accepted. */
static inline const struct segment_event *
batch(const char *body, size_t n)
{
	if (parse(SEGMENT_BATCH, KIND_UNKNOWN, body) != 0)
		fail_msg("%s: %s", body, e.text);
	assert_int_equal(r.n_events, n);
	return r.events;
}

static inline void
assert_text(struct slice got, const char *want)
{
	if (!slice_equals(got, slice_from(want)))
		fail_msg("%.*s, not %s", (int)got.n, got.p, want);
}

static inline void
assert_status(const struct segment_event *event, enum event_status status, const char *reason)
{
	if (event->status != status)
		fail_msg("%.*s: %s", (int)event->body.n, event->body.p, status_name(event->status));
	if (reason == NULL)
		assert_null(event->reason);
	else
		assert_string_equal(event->reason, reason);
}

#endif
