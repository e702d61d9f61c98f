/*
 * event/segment/forwarded: the data is the body of a box's request. What is accepted can be
 * forwarded again, and is then read as the same.
 */
#include "fuzz/fuzz.h"

#include "event/json/json.h"
#include "event/mapping/mapping.h"
#include "event/segment/forwarded.h"

#define NOW INT64_C(1785587696789)

static int
parse(struct segment_request *r, struct slice body, struct err *e)
{
	segment_request_init(r);
	r->body = body;
	r->received_at = NOW;
	r->max_depth = JSON_MAX_DEPTH;
	return forwarded_parse(r, e);
}

static void
forward(const struct segment_request *r, struct buf *to)
{
	const struct mapping_options o = { .forward = true };

	buf_append_slice(to, bento_batch_head(BENTO_CENTER));
	for (size_t i = 0; i < r->n_events; i++) {
		const struct segment_event *event = &r->events[i];
		const struct segment_origin *origin = &r->origins[i];
		const struct mapping_input in = {
			.body = event->body,
			.context = origin->context,
			.batch_integrations = origin->integrations,
			.message_id = event->message_id,
			.occurred_at = event->occurred_at,
			.received_at = origin->received_at,
			.kind = event->kind,
			.browser = origin->browser,
			.maybe_sent = origin->maybe_sent,
		};
		const char *reason;
		struct mapped mapped;

		if (i > 0)
			buf_append_byte(to, ',');
		FUZZ_CHECK(mapping_append(&o, &in, to, &mapped, &reason) == 0);
	}
	buf_append_literal(to, BENTO_BATCH_TAIL);
}

static void
check_same(const struct segment_request *a, const struct segment_request *b)
{
	FUZZ_CHECK(a->n_events == b->n_events && b->n_origins == b->n_events);
	for (size_t i = 0; i < a->n_events; i++) {
		const struct segment_event *x = &a->events[i], *y = &b->events[i];
		const struct segment_origin *p = &a->origins[i], *q = &b->origins[i];

		FUZZ_CHECK(slice_equals(x->body, y->body) && x->kind == y->kind);
		FUZZ_CHECK(slice_equals(x->message_id, y->message_id) && x->message_id.n > 0);
		FUZZ_CHECK(x->occurred_at == y->occurred_at && p->received_at == q->received_at);
		FUZZ_CHECK(p->received_at <= NOW && p->received_at >= 0);
		FUZZ_CHECK(slice_equals(x->email, y->email) && x->status == y->status);
		FUZZ_CHECK(slice_equals(p->context, q->context));
		FUZZ_CHECK(p->browser == q->browser && p->maybe_sent == q->maybe_sent);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct segment_request r, again;
	struct buf text;
	struct err e;

	if (parse(&r, (struct slice){ (const char *)data, size }, &e) != 0) {
		FUZZ_CHECK(e.code == ERR_INPUT && r.code != NULL && r.n_events == 0);
		segment_request_free(&r);
		return 0;
	}
	buf_init(&text, 8 * size + 1000000);
	forward(&r, &text);
	FUZZ_CHECK(parse(&again, buf_slice(&text), &e) == 0);
	check_same(&r, &again);
	segment_request_free(&again);
	segment_request_free(&r);
	buf_free(&text);
	return 0;
}
