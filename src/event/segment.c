/*
 * A request's body is read once. What depends on the envelope around a batch (sentAt, and the
 * context that all its events share) may stand behind the events: then it is put in at the end,
 * from the few facts that each event keeps for it, without reading its body again.
 */
#include "event/segment.h"

#include <stdlib.h>

#include "base/isotime.h"
#include "event/fields.h"
#include "event/json.h"
#include "event/person.h"

/* One pointer, so that the reason can be recognised by it. */
static const char no_email[] = "no_email";
static const char event_too_large[] = "event_too_large";
static const char too_many_events[] = "too_many_events";
static const char message_id_too_long[] = "message_id_too_long";

#define DETAIL_MAX 96                    /* bytes of one that is printed */
#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* What the body says for the whole request. */
struct envelope {
	enum json_type batch; /* JSON_NONE: there was no such key */
	const char *stray;    /* the first batch member that is no object */
	struct json_value context;
	struct json_value integrations;
	struct json_value sent_at;
	struct json_value write_key;
	struct person_place traits;
};

void
segment_request_init(struct segment_request *r)
{
	*r = (struct segment_request){ 0 };
	buf_init(&r->scratch, 0);
	buf_init(&r->details, 0);
}

void
segment_request_free(struct segment_request *r)
{
	free(r->events);
	buf_free(&r->scratch);
	buf_free(&r->details);
	segment_request_init(r);
}

static struct segment_event *
push_event(struct segment_request *r)
{
	size_t cap = r->cap_events == 0 ? 16 : r->cap_events * 2;
	struct segment_event *events;

	if (r->max_events > 0 && cap > r->max_events)
		cap = r->max_events;
	if (r->n_events == r->cap_events) {
		if (cap <= r->cap_events) {
			r->code = too_many_events;
			return NULL;
		}
		events = reallocarray(r->events, cap, sizeof(*events));
		if (events == NULL)
			return NULL;
		r->events = events;
		r->cap_events = cap;
	}
	events = &r->events[r->n_events++];
	*events = (struct segment_event){ 0 };
	return events;
}

/* Cannot fail: segment_parse made room for all the text that this body can hold. */
static struct slice
decode(struct segment_request *r, const struct json_value *value)
{
	struct slice text = SLICE_NONE;

	if (value->type == JSON_STRING)
		(void)json_string_decode(value->raw, &r->scratch, &text);
	return text;
}

/* --- time --------------------------------------------------------------------------------- */

/*
 * No event of ours is older than 1970: what is earlier comes from clients that print a time they
 * never set (year 1), and would only spoil the correction. What an offset carries past the last
 * year that four digits can name is no time either.
 */
static bool
read_time(struct segment_request *r, const struct json_value *value, int64_t *ret_ms)
{
	struct slice text = decode(r, value);
	int64_t ms;

	if (text.p == NULL || isotime_parse(text, &ms) != 0 || ms < 0 || ms > LAST_MS)
		return false;
	*ret_ms = ms;
	return true;
}

/* The client's clock is off by what it showed at sending against ours at receipt. */
static int64_t
correct_time(int64_t t, int64_t sent_at, int64_t received_at)
{
	int64_t corrected = received_at - (sent_at - t);

	return corrected >= 0 && corrected <= LAST_MS ? corrected : t;
}

static bool
is_given(const struct json_value *value)
{
	return value->type != JSON_NONE && value->type != JSON_NULL;
}

static void
take_time(struct segment_request *r, const struct event_fields *f, struct segment_event *event)
{
	int64_t t, sent_at;

	event->occurred_at = r->received_at;
	if (!read_time(r, &f->value[KEY_ORIGINAL_TIMESTAMP], &t)
	    && !read_time(r, &f->value[KEY_TIMESTAMP], &t)) {
		if (is_given(&f->value[KEY_ORIGINAL_TIMESTAMP])
		    || is_given(&f->value[KEY_TIMESTAMP]))
			event->detail = "its timestamp is no ISO 8601 time since 1970: the time of "
					"receipt is used";
		return;
	}
	event->occurred_at = t;
	if (read_time(r, &f->value[KEY_SENT_AT], &sent_at))
		event->occurred_at = correct_time(t, sent_at, r->received_at);
	else
		event->wants_sent_at = true;
}

/* --- what an event is --------------------------------------------------------------------- */

static enum event_kind
find_kind(struct segment_request *r, const struct json_value *type)
{
	if (r->path_kind != KIND_UNKNOWN || type->type != JSON_STRING)
		return r->path_kind;
	return kind_parse(decode(r, type));
}

static struct slice
find_name(struct segment_request *r, const struct event_fields *f, enum event_kind kind)
{
	if (kind == KIND_TRACK)
		return decode(r, &f->value[KEY_EVENT]);
	if (kind == KIND_PAGE || kind == KIND_SCREEN)
		return decode(r, &f->value[KEY_NAME]);
	return SLICE_NONE;
}

/* Numbers are taken by their text. An empty id would make all its bearers one. */
static struct slice
find_message_id(struct segment_request *r, const struct json_value *value)
{
	struct slice text = value->type == JSON_NUMBER ? value->raw : decode(r, value);

	return text.n == 0 ? SLICE_NONE : text;
}

static bool
is_object_or_nothing(const struct json_value *value)
{
	return value->type == JSON_OBJECT || value->type == JSON_NULL || value->type == JSON_NONE;
}

/* Why the event can never be forwarded, in Segment's words; NULL: nothing is wrong with it. */
static const char *
find_fault(const struct event_fields *f, const struct segment_event *event)
{
	const struct json_value *name = &f->value[KEY_EVENT];

	if (event->kind == KIND_IDENTIFY || event->kind == KIND_GROUP)
		return is_object_or_nothing(&f->value[KEY_TRAITS]) ? NULL : "traits_not_object";
	if (event->kind == KIND_PAGE || event->kind == KIND_SCREEN)
		return is_object_or_nothing(&f->value[KEY_PROPERTIES]) ? NULL
								       : "properties_not_object";
	if (event->kind != KIND_TRACK)
		return NULL;
	if (name->type != JSON_STRING && name->type != JSON_NULL && name->type != JSON_NONE)
		return "event_not_string";
	if (event_is_blank(event->name))
		return "event_not_defined";
	if (!is_object_or_nothing(&f->value[KEY_PROPERTIES]))
		return "properties_not_object";
	return NULL;
}

static size_t
count_characters(struct slice utf8)
{
	size_t n = 0;

	for (size_t i = 0; i < utf8.n; i++)
		n += (utf8.p[i] & 0xc0) != 0x80;
	return n;
}

/* Which limit the event exceeds; NULL: none. */
static const char *
find_excess(const struct segment_request *r, const struct segment_event *event)
{
	if (r->max_event > 0 && event->body.n > r->max_event)
		return event_too_large;
	if (r->max_message_id > 0 && event->message_id.n > r->max_message_id
	    && count_characters(event->message_id) > r->max_message_id)
		return message_id_too_long;
	return NULL;
}

static void
judge(struct segment_request *r, const struct event_fields *f, struct segment_event *event)
{
	event->status = STATUS_INVALID;
	event->reason = find_excess(r, event);
	if (event->reason != NULL) {
		r->n_excess++;
		return;
	}
	event->reason = find_fault(f, event);
	if (event->reason != NULL)
		return;
	if (event->kind != KIND_TRACK) {
		event->status = STATUS_UNSUPPORTED;
		event->reason = "unsupported_event_type";
	} else if (event->email.p == NULL) {
		event->reason = no_email;
	} else {
		event->status = STATUS_PENDING;
	}
}

static int
read_event(struct segment_request *r, struct json *j, struct event_fields *f)
{
	struct segment_event *event;
	struct person person;

	if (event_fields_read(j, f) != 0)
		return -1;
	event = push_event(r);
	if (event == NULL || person_find(&f->sources, &r->scratch, &person) != 0)
		return -1;
	event->body = f->body;
	event->kind = find_kind(r, &f->value[KEY_TYPE]);
	event->name = find_name(r, f, event->kind);
	event->message_id = find_message_id(r, &f->value[KEY_MESSAGE_ID]);
	event->email = person.email;
	event->email_from = (unsigned char)person.where;
	take_time(r, f, event);
	judge(r, f, event);
	return 0;
}

/* --- the body ----------------------------------------------------------------------------- */

/* A second `batch` replaces the first. */
static int
read_batch(struct segment_request *r, struct json *j, struct envelope *env)
{
	struct event_fields f;
	struct json_value value;
	int more;

	r->n_events = r->n_excess = 0;
	buf_clear(&r->scratch);
	env->stray = NULL;
	env->batch = json_peek(j);
	if (env->batch != JSON_ARRAY)
		return json_skip(j, &value);
	if (json_array_begin(j) != 0)
		return -1;
	while ((more = json_array_next(j)) > 0) {
		if (json_peek(j) == JSON_OBJECT) {
			if (read_event(r, j, &f) != 0)
				return -1;
			continue;
		}
		if (env->stray == NULL)
			env->stray = j->p;
		if (json_skip(j, &value) != 0)
			return -1;
	}
	return more;
}

static int
read_envelope(struct segment_request *r, struct json *j, struct envelope *env)
{
	struct json_value value;
	struct slice raw_key;
	int more, rc;

	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &raw_key)) > 0) {
		enum event_key key = event_key(raw_key);

		if (key == KEY_BATCH)
			rc = read_batch(r, j, env);
		else if (key == KEY_CONTEXT)
			rc = event_context_read(j, &env->traits, &env->context);
		else
			rc = json_skip(j, key == KEY_SENT_AT        ? &env->sent_at
					  : key == KEY_INTEGRATIONS ? &env->integrations
					  : key == KEY_WRITE_KEY    ? &env->write_key
								    : &value);
		if (rc != 0)
			return -1;
	}
	return more;
}

static int
read_single(struct segment_request *r, struct json *j, struct envelope *env)
{
	struct event_fields f;

	if (read_event(r, j, &f) != 0)
		return -1;
	env->write_key = f.value[KEY_WRITE_KEY];
	return 0;
}

/* The address that the batch gives ranks before those that describe the event. */
static void
give_batch_email(struct segment_event *event, struct slice email)
{
	if (event->email_from <= PERSON_BATCH_TRAITS)
		return;
	event->email = email;
	event->email_from = PERSON_BATCH_TRAITS;
	if (event->status == STATUS_INVALID && event->reason == no_email) {
		event->status = STATUS_PENDING;
		event->reason = NULL;
	}
}

/* By how much events exceed their limits; room for all texts first, so that none moves. */
static int
explain_excess(struct segment_request *r)
{
	struct buf *to = &r->details;

	buf_clear(to);
	to->max = r->n_excess * DETAIL_MAX;
	if (r->n_excess == 0)
		return 0;
	if (buf_reserve(to, to->max) == NULL)
		return -1;
	for (size_t i = 0; i < r->n_events; i++) {
		struct segment_event *event = &r->events[i];

		if (event->reason != event_too_large && event->reason != message_id_too_long)
			continue;
		event->detail = to->p + to->n;
		if (event->reason == event_too_large)
			buf_printf(to, "%zu bytes; max_event is %zu", event->body.n, r->max_event);
		else
			buf_printf(to, "its messageId has %zu characters; max_message_id is %zu",
			    count_characters(event->message_id), r->max_message_id);
		buf_append_byte(to, '\0');
	}
	return 0;
}

static int
complete_events(struct segment_request *r, const struct envelope *env)
{
	struct person_sources sources = { .place[PERSON_BATCH_TRAITS] = env->traits };
	struct person person;
	int64_t sent_at;
	bool has_sent_at = read_time(r, &env->sent_at, &sent_at);

	if (person_find(&sources, &r->scratch, &person) != 0 || explain_excess(r) != 0)
		return -1;
	for (size_t i = 0; i < r->n_events; i++) {
		struct segment_event *event = &r->events[i];

		if (event->wants_sent_at && has_sent_at)
			event->occurred_at =
			    correct_time(event->occurred_at, sent_at, r->received_at);
		if (person.email.p != NULL)
			give_batch_email(event, person.email);
	}
	return 0;
}

static int
refuse(struct segment_request *r, struct err *e, const char *code, const char *what)
{
	r->n_events = 0;
	r->code = code;
	return err_set(e, ERR_INPUT, "%s", what);
}

static int
refuse_json(struct segment_request *r, struct err *e, const struct json *j)
{
	refuse(r, e, "invalid_json", "");
	return err_set(
	    e, ERR_INPUT, "the body is no valid JSON: %s at byte %zu", j->error, json_offset(j));
}

static int
refuse_memory(struct segment_request *r, struct err *e)
{
	if (r->code == too_many_events) {
		refuse(r, e, too_many_events, "");
		return err_set(e, ERR_INPUT,
		    "\"batch\" holds more than %zu events, more than there is memory for: post "
		    "smaller batches",
		    r->max_events);
	}
	refuse(r, e, "out_of_memory", "");
	return err_nomem(e);
}

/* What is wrong with a body that is JSON and an object. */
static int
check_batch(struct segment_request *r, const struct envelope *env, struct err *e)
{
	if (env->batch == JSON_NONE)
		return refuse(r, e, "batch_missing", "the body has no member \"batch\"");
	if (env->batch != JSON_ARRAY)
		return refuse(r, e, "batch_not_array", "\"batch\" is no array");
	if (env->stray != NULL) {
		refuse(r, e, "event_not_object", "");
		return err_set(e, ERR_INPUT, "a member of \"batch\" is no object at byte %zu",
		    (size_t)(env->stray - r->body.p));
	}
	if (r->n_events == 0)
		return refuse(r, e, "empty_batch", "\"batch\" holds no event");
	return 0;
}

/*
 * Decoded text is never longer than it was in the body, and no string is decoded twice: with room
 * for the body's size scratch never moves, and what points into it stays good.
 */
static int
prepare(struct segment_request *r)
{
	r->n_events = r->n_excess = 0;
	r->code = NULL;
	r->write_key = r->context = r->integrations = r->sent_at = SLICE_NONE;
	buf_clear(&r->scratch);
	r->scratch.max = r->body.n;
	if (r->body.n == 0 || memchr(r->body.p, '\\', r->body.n) == NULL)
		return 0;
	return buf_reserve(&r->scratch, r->body.n) == NULL ? -1 : 0;
}

int
segment_parse(struct segment_request *r, struct err *e)
{
	struct envelope env = { 0 };
	struct json_value value;
	struct json j;
	int rc;

	if (prepare(r) != 0)
		return refuse_memory(r, e);
	json_init(&j, r->body, r->max_depth);
	if (json_peek(&j) != JSON_OBJECT) {
		if (json_skip(&j, &value) != 0 || json_finish(&j) != 0)
			return refuse_json(r, e, &j);
		return refuse(r, e, "not_object", "the body is JSON, but no object");
	}
	rc = r->shape == SEGMENT_BATCH ? read_envelope(r, &j, &env) : read_single(r, &j, &env);
	if (rc != 0 && j.error == NULL)
		return refuse_memory(r, e);
	if (json_finish(&j) != 0)
		return refuse_json(r, e, &j);
	if (r->shape == SEGMENT_BATCH && check_batch(r, &env, e) != 0)
		return -1;
	if (complete_events(r, &env) != 0)
		return refuse_memory(r, e);
	r->write_key = decode(r, &env.write_key);
	r->context = env.context.raw;
	r->integrations = env.integrations.raw;
	r->sent_at = env.sent_at.raw;
	return 0;
}
