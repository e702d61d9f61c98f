/*
 * Reads the events that a spooler at the edge forwards. Each is read as if the client had posted it
 * here, except that its id, its kind and its times are those of the edge, and that it brings the
 * values of its own batch. Fails when the body is not JSON of this structure, and without memory.
 */
#include "event/segment/forwarded.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "event/json/json.h"
#include "event/segment/person.h"
#include "event/segment/segment_build.h"

#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* The members of one forwarded event. */
struct members {
	struct json_value id, received_at, occurred_at, kind, browser, maybe_sent, context,
	    integrations, call;
};

static struct json_value *
member_of(struct members *m, struct slice raw_key)
{
	const struct {
		const char *name;
		struct json_value *value;
	} all[] = { { "id", &m->id }, { "receivedAt", &m->received_at },
		{ "occurredAt", &m->occurred_at }, { "kind", &m->kind }, { "browser", &m->browser },
		{ "maybeSent", &m->maybe_sent }, { "context", &m->context },
		{ "integrations", &m->integrations }, { "call", &m->call } };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (json_string_is(raw_key, all[i].name))
			return all[i].value;
	return NULL;
}

/* Adds the origin of the newest event. Returns NULL without memory. */
static struct segment_origin *
push_origin(struct segment_request *r)
{
	if (r->n_events > r->cap_origins) {
		struct segment_origin *grown =
		    reallocarray(r->origins, r->cap_events, sizeof(*grown));

		if (grown == NULL)
			return NULL;
		r->origins = grown;
		r->cap_origins = r->cap_events;
	}
	r->n_origins = r->n_events;
	return &r->origins[r->n_events - 1];
}

static int
refuse(struct segment_request *r, const char *code)
{
	r->code = code;
	return -1;
}

static bool
is_object_or_absent(const struct json_value *value)
{
	return value->type == JSON_NONE || value->type == JSON_OBJECT || value->type == JSON_NULL;
}

static bool
is_sound(const struct members *m)
{
	return m->id.type == JSON_STRING && m->kind.type == JSON_STRING
	       && m->call.type == JSON_OBJECT && is_object_or_absent(&m->context);
}

/* What the event's batch said about the person ranks before the event's own properties. */
static int
apply_context(struct segment_request *r, const struct members *m, struct segment_event *event,
    bool *ret_older)
{
	struct person_sources sources = { .place[0].email.type = JSON_NONE };
	struct json_value context;
	struct person person;
	struct json j;

	if (m->context.type != JSON_OBJECT)
		return 0;
	json_init(&j, m->context.raw, r->max_depth);
	if (event_context_read(&j, &sources.place[PERSON_BATCH_TRAITS], &context, ret_older) != 0
	    || person_find(&sources, &r->scratch, &person) != 0)
		return -1;
	if (person.email.p != NULL)
		segment_give_batch_email(event, person.email);
	return 0;
}

/* Gives the kind of a call; false for events in Bento's own format, which are not calls. */
static bool
read_kind(struct segment_request *r, const struct members *m, enum event_kind *ret_kind)
{
	*ret_kind = kind_parse(segment_decode(r, &m->kind));
	return *ret_kind != KIND_BENTO && *ret_kind != KIND_SUBSCRIBER;
}

static int
read_call(struct segment_request *r, const struct members *m, int64_t received_at)
{
	const int64_t now = r->received_at;
	struct event_fields f;
	struct json j;
	int rc;

	r->received_at = received_at;
	json_init(&j, m->call.raw, r->max_depth);
	rc = segment_read_event(r, &j, &f);
	r->received_at = now;
	return rc;
}

static bool
read_ms(const struct json_value *value, int64_t *ret_ms)
{
	char text[17];

	if (value->type != JSON_NUMBER || value->raw.n >= sizeof(text))
		return false;
	memcpy(text, value->raw.p, value->raw.n);
	text[value->raw.n] = '\0';
	return number_parse(text, 0, LAST_MS, ret_ms) == 0;
}

/* A time of receipt that lies in the future would keep the event from ever becoming old. */
static int64_t
received(const struct segment_request *r, int64_t at)
{
	return at > r->received_at && !r->clock_unset ? r->received_at : at;
}

static int
take_event(struct segment_request *r, const struct members *m)
{
	struct segment_event *event;
	struct segment_origin *origin;
	int64_t received_at, claimed_at, occurred_at;
	bool older = false;

	if (!is_sound(m) || !read_ms(&m->received_at, &claimed_at)
	    || !read_ms(&m->occurred_at, &occurred_at) || !read_kind(r, m, &r->path_kind))
		return refuse(r, "invalid_event");
	received_at = received(r, claimed_at);
	if (read_call(r, m, received_at) != 0)
		return -1;
	event = &r->events[r->n_events - 1];
	event->message_id = segment_decode(r, &m->id);
	if (event->message_id.n == 0)
		return refuse(r, "invalid_event");
	event->occurred_at = occurred_at;
	event->wants_sent_at = false;
	event->provisional = SEGMENT_TIMES_FINAL;
	if (apply_context(r, m, event, &older) != 0 || (origin = push_origin(r)) == NULL)
		return -1;
	*origin = (struct segment_origin){
		.received_at = received_at,
		.claimed_at = claimed_at,
		.context = m->context.raw,
		.integrations = m->integrations.raw,
		.older_integrations = older,
		.browser = m->browser.type == JSON_TRUE,
		.maybe_sent = m->maybe_sent.type == JSON_TRUE,
	};
	return 0;
}

static int
read_event(struct segment_request *r, struct json *j)
{
	struct members m = { .id.type = JSON_NONE };
	struct json_value ignored, *value;
	struct slice key;
	int more;

	if (json_peek(j) != JSON_OBJECT)
		return refuse(r, "invalid_event");
	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &key)) > 0) {
		value = member_of(&m, key);
		if (json_skip(j, value != NULL ? value : &ignored) != 0)
			return -1;
	}
	return more == 0 ? take_event(r, &m) : -1;
}

static int
read_events(struct segment_request *r, struct json *j)
{
	int more;

	if (json_array_begin(j) != 0)
		return -1;
	while ((more = json_array_next(j)) > 0)
		if (read_event(r, j) != 0)
			return -1;
	return more;
}

static int
read_body(struct segment_request *r, struct json *j, bool *ret_found)
{
	struct json_value ignored;
	struct slice key;
	int more;

	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &key)) > 0) {
		bool events =
		    !*ret_found && json_string_is(key, "events") && json_peek(j) == JSON_ARRAY;

		*ret_found = *ret_found || events;
		if ((events ? read_events(r, j) : json_skip(j, &ignored)) != 0)
			return -1;
	}
	return more;
}

static int
explain(struct segment_request *r, const struct json *j, struct err *e)
{
	const char *code = r->code;

	r->n_events = 0;
	if (j->error != NULL) {
		r->code = "invalid_json";
		return err_set(e, ERR_INPUT, "the body is not valid JSON: %s at byte %zu", j->error,
		    json_offset(j));
	}
	if (code == NULL) {
		r->code = "out_of_memory";
		return err_nomem(e);
	}
	if (code == segment_too_many_events)
		return err_set(e, ERR_INPUT,
		    "\"events\" holds more than %zu events, too many for the memory: post smaller "
		    "batches",
		    r->max_events);
	return err_set(e, ERR_INPUT,
	    "a member of \"events\" before byte %zu is not an event with id, receivedAt, "
	    "occurredAt, kind and call",
	    json_offset(j));
}

int
forwarded_parse(struct segment_request *r, struct err *e)
{
	bool found = false;
	struct json j;

	if (segment_prepare(r) != 0) {
		r->code = "out_of_memory";
		return err_nomem(e);
	}
	json_init(&j, r->body, r->max_depth);
	if (json_peek(&j) != JSON_OBJECT && j.error == NULL) {
		r->code = "not_object";
		return err_set(e, ERR_INPUT, "the body is JSON, but not an object");
	}
	if (read_body(r, &j, &found) != 0 || json_finish(&j) != 0)
		return explain(r, &j, e);
	if (!found) {
		r->code = "batch_missing";
		return err_set(e, ERR_INPUT, "the body has no array \"events\"");
	}
	return segment_explain_excess(r) == 0 ? 0 : err_nomem(e);
}
