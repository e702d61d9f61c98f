/*
 * event/bento/bento_api: the first byte chooses the kind and the options; the rest is the body of a
 * request. An accepted event can be sent, unchanged when nothing must be added; a refused event has
 * the same reason at receipt and later.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "event/bento/bento_api.h"
#include "event/bento/details.h"
#include "event/mapping/mapping_bento_api.h"
#include "event/segment/fields.h"
#include "event/segment/person.h"

static void
check_sent(const struct mapping_options *o, const struct mapping_input *in, struct slice sent)
{
	struct json_value value, details;
	struct json j;

	json_init(&j, sent, JSON_MAX_DEPTH);
	FUZZ_CHECK(json_skip(&j, &value) == 0 && json_finish(&j) == 0);
	FUZZ_CHECK(value.type == JSON_OBJECT);
	FUZZ_CHECK(event_find_member(sent, "email").type == JSON_STRING);
	if (in->kind == KIND_SUBSCRIBER)
		return;
	FUZZ_CHECK(event_find_member(sent, "type").type == JSON_STRING);
	if (o->send_date)
		FUZZ_CHECK(event_find_member(sent, "date").type != JSON_NONE);
	if (!o->unique_key)
		return;
	details = event_find_member(sent, "details");
	FUZZ_CHECK(details.type == JSON_OBJECT);
	value = event_find_member(details.raw, "unique");
	FUZZ_CHECK(details_unique_is_usable(&value));
}

static void
check_event(const struct mapping_options *o, const struct segment_event *event)
{
	const struct mapping_input in = {
		.body = event->body,
		.name = event->name,
		.email = event->email,
		.message_id = SLICE("m-\"1\""),
		.occurred_at = event->occurred_at,
		.kind = event->kind,
	};
	const char *reason = NULL;
	struct mapped mapped;
	struct buf to;

	FUZZ_CHECK((event->status == STATUS_PENDING) == (event->reason == NULL));
	FUZZ_CHECK(event->email.p == NULL || person_email_is_valid(event->email));
	buf_init(&to, event->body.n + 1000);
	if (event->reason == NULL) {
		FUZZ_CHECK(mapping_append(o, &in, &to, &mapped, &reason) == 0);
		FUZZ_CHECK(mapped.items == 1);
		check_sent(o, &in, buf_slice(&to));
	} else {
		FUZZ_CHECK(mapping_append(o, &in, &to, &mapped, &reason) == -1);
		FUZZ_CHECK(strcmp(reason, event->reason) == 0 && to.n == 0);
	}
	(void)mapping_has_key(o, &in);
	buf_free(&to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mapping_options o = { .unique_key = false };
	struct segment_request r;
	struct err e;

	if (size < 1)
		return 0;
	segment_request_init(&r);
	o.unique_key = (data[0] & 1) != 0;
	o.send_date = (data[0] & 2) != 0;
	r.path_kind = (data[0] & 4) != 0 ? KIND_SUBSCRIBER : KIND_BENTO;
	r.body = (struct slice){ (const char *)data + 1, size - 1 };
	r.max_depth = JSON_MAX_DEPTH;
	r.received_at = INT64_C(1785587696789);
	if (bento_api_parse(&r, &e) != 0) {
		FUZZ_CHECK(e.code == ERR_INPUT && r.code != NULL && r.n_events == 0);
	} else {
		FUZZ_CHECK(r.n_events > 0);
		for (size_t i = 0; i < r.n_events; i++)
			check_event(&o, &r.events[i]);
	}
	segment_request_free(&r);
	return 0;
}
