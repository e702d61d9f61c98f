/*
 * event/segment: the first byte chooses the form of the body, the path and the limits; the rest is
 * the body. For any input the slices stay within bounds, the columns are valid text, and a pending
 * event can be forwarded.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "event/json/json.h"
#include "event/mapping/mapping.h"
#include "event/segment/person.h"
#include "event/segment/segment.h"

#define RECEIVED INT64_C(1785587700000)
#define YEAR_10000 INT64_C(253402300800000)

static bool
lies_in(struct slice s, const char *p, size_t n)
{
	return p != NULL && s.p >= p && s.p + s.n <= p + n;
}

static bool
is_json(struct slice text)
{
	struct json_value value;
	struct json j;

	json_init(&j, text, JSON_MAX_DEPTH);
	return json_skip(&j, &value) == 0 && json_finish(&j) == 0;
}

/* Checks that the text is UTF-8 without NUL: printing it as JSON replaces nothing. */
static void
check_column(const struct segment_request *r, struct slice s)
{
	struct slice back;
	struct buf copy, scratch;

	if (s.p == NULL)
		return;
	FUZZ_CHECK(lies_in(s, r->body.p, r->body.n) || lies_in(s, r->scratch.p, r->scratch.n));
	buf_init(&copy, 6 * s.n + 2);
	buf_init(&scratch, 6 * s.n + 2);
	json_string_append(&copy, s);
	FUZZ_CHECK(json_string_decode(buf_slice(&copy), &scratch, &back) == 0);
	FUZZ_CHECK(slice_equals(s, back));
	buf_free(&copy);
	buf_free(&scratch);
}

static void
check_raw(const struct segment_request *r, struct slice s)
{
	FUZZ_CHECK(s.p == NULL || (lies_in(s, r->body.p, r->body.n) && is_json(s)));
}

/* The object that is made of the older places of integrations lies in the scratch. */
static void
check_integrations(const struct segment_request *r)
{
	if (!lies_in(r->integrations, r->scratch.p, r->scratch.n))
		check_raw(r, r->integrations);
	else
		FUZZ_CHECK(is_json(r->integrations));
}

static void
check_mapping(const struct segment_request *r, const struct segment_event *event)
{
	const struct mapping_options options = { .unique_key = true, .send_date = true };
	const struct mapping_input in = { .body = event->body,
		.context = r->context,
		.name = event->name,
		.email = event->email,
		.message_id = event->message_id,
		.occurred_at = event->occurred_at };
	const char *reason;
	struct mapped mapped;
	struct buf to;

	buf_init(&to, 8 * r->body.n + 1000);
	/* An event may exclude Bento, or act on a subscriber without saying how. */
	if (mapping_append(&options, &in, &to, &mapped, &reason) == 0)
		FUZZ_CHECK(is_json(buf_slice(&to)));
	else
		FUZZ_CHECK(reason != NULL && to.n == 0);
	buf_free(&to);
}

/* Checks that a member of a batch that is not an object is stored as an invalid event. */
static bool
is_stray(const struct segment_event *event)
{
	return event->body.p[0] != '{';
}

static void
check_event(const struct segment_request *r, const struct segment_event *event)
{
	FUZZ_CHECK(lies_in(event->body, r->body.p, r->body.n));
	if (!is_stray(event)) {
		FUZZ_CHECK(event->body.n >= 2 && event->body.p[0] == '{');
		FUZZ_CHECK(event->body.p[event->body.n - 1] == '}');
	}
	FUZZ_CHECK(is_json(event->body));
	check_column(r, event->name);
	check_column(r, event->message_id);
	check_column(r, event->email);
	FUZZ_CHECK(event->message_id.p == NULL || event->message_id.n > 0);
	FUZZ_CHECK(event->email.p == NULL || person_email_is_valid(event->email));
	FUZZ_CHECK(event->occurred_at >= 0 && event->occurred_at < YEAR_10000);
	FUZZ_CHECK((event->status == STATUS_PENDING) == (event->reason == NULL));
	FUZZ_CHECK(event->detail == NULL || strlen(event->detail) > 0);
	FUZZ_CHECK(r->max_event == 0 || event->body.n <= r->max_event
		   || (event->status == STATUS_INVALID && event->detail != NULL));
	if (event->status == STATUS_PENDING) {
		FUZZ_CHECK(event->kind == KIND_TRACK && event->email.p != NULL);
		check_mapping(r, event);
	}
}

/* Checks that an event has the same columns in a batch and by itself. */
static void
check_alone(const struct segment_request *r, const struct segment_event *event)
{
	struct segment_request alone;

	segment_request_init(&alone);
	alone.body = event->body;
	alone.shape = r->shape == SEGMENT_ARRAY ? SEGMENT_ARRAY : SEGMENT_SINGLE;
	alone.path_kind = KIND_UNKNOWN;
	alone.received_at = r->received_at;
	alone.max_depth = r->max_depth;
	alone.max_event = r->max_event;
	alone.max_message_id = r->max_message_id;
	FUZZ_CHECK(segment_parse(&alone, NULL) == 0);
	FUZZ_CHECK(alone.n_events == 1);
	FUZZ_CHECK(alone.events[0].kind == event->kind);
	FUZZ_CHECK(slice_equals(alone.events[0].name, event->name));
	FUZZ_CHECK(slice_equals(alone.events[0].message_id, event->message_id));
	if (r->context.p == NULL)
		FUZZ_CHECK(alone.events[0].reason == event->reason
			   && slice_equals(alone.events[0].email, event->email));
	if (r->sent_at.p == NULL)
		FUZZ_CHECK(alone.events[0].occurred_at == event->occurred_at);
	segment_request_free(&alone);
}

static void
check_refused(const struct segment_request *r, const struct err *e)
{
	FUZZ_CHECK(r->code != NULL && r->n_events == 0);
	FUZZ_CHECK(e->code == ERR_INPUT && e->text[0] != '\0');
	if (strcmp(r->code, "too_many_events") != 0)
		FUZZ_CHECK(is_json(r->body) == (strcmp(r->code, "invalid_json") != 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segment_request r;
	struct err e = { 0 };

	if (size == 0)
		return 0;
	segment_request_init(&r);
	r.body = (struct slice){ (const char *)data + 1, size - 1 };
	r.shape = (data[0] & 1) != 0   ? SEGMENT_SINGLE
		  : (data[0] & 4) != 0 ? SEGMENT_ARRAY
				       : SEGMENT_BATCH;
	r.max_event = (data[0] & 8) != 0 ? 64 : 0;
	r.max_message_id = (data[0] & 8) != 0 ? 6 : 0;
	r.max_events = (data[0] & 64) != 0 ? 3 : 0;
	r.path_kind = (data[0] & 2) != 0 ? KIND_TRACK : KIND_UNKNOWN;
	r.received_at = RECEIVED;
	r.max_depth = JSON_MAX_DEPTH;
	if (segment_parse(&r, &e) != 0) {
		check_refused(&r, &e);
	} else {
		FUZZ_CHECK(r.n_events > 0 && r.scratch.n <= r.body.n);
		check_column(&r, r.write_key);
		check_raw(&r, r.context);
		check_integrations(&r);
		check_raw(&r, r.sent_at);
		for (size_t i = 0; i < r.n_events; i++) {
			check_event(&r, &r.events[i]);
			if (r.shape != SEGMENT_SINGLE && r.path_kind == KIND_UNKNOWN
			    && !is_stray(&r.events[i]))
				check_alone(&r, &r.events[i]);
		}
	}
	segment_request_free(&r);
	return 0;
}
