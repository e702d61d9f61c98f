/* Reads one event of a request: its columns, and the faults that make it invalid for every site.
 * Fails on text that is not JSON, on too many events, and without memory. */
#include "event/segment/segment.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "event/segment/client_time.h"
#include "event/segment/nobody.h"
#include "event/segment/person.h"
#include "event/segment/segment_build.h"

/* Callers recognize the reason by this pointer. */
const char segment_no_email[] = "no_email";
const char segment_invalid_email[] = "invalid_email";
static const char event_too_large[] = "event_too_large";
static const char message_id_too_long[] = "message_id_too_long";

const char segment_too_many_events[] = "too_many_events";

#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

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

struct segment_event *
segment_push_event(struct segment_request *r)
{
	size_t cap = r->cap_events == 0 ? 16 : r->cap_events * 2;
	struct segment_event *events;

	if (r->max_events > 0 && cap > r->max_events)
		cap = r->max_events;
	if (r->n_events == r->cap_events) {
		if (cap <= r->cap_events) {
			r->code = segment_too_many_events;
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

/* Cannot fail: segment_parse made room for all text that this body can hold. */
struct slice
segment_decode(struct segment_request *r, const struct json_value *value)
{
	struct slice text = SLICE_NONE;

	if (value->type == JSON_STRING)
		(void)json_string_decode(value->raw, &r->scratch, &text);
	return text;
}

/* --- time --------------------------------------------------------------------------------- */

/*
 * Returns false outside 1970 to 9999. A time before 1970 comes from a client that never set it (it
 * prints year 1) and would spoil the correction. A zone offset must not move a time past the year
 * 9999 either.
 */
bool
segment_read_time(struct segment_request *r, const struct json_value *value, int64_t *ret_ms)
{
	struct slice text = value->type == JSON_NUMBER ? value->raw : segment_decode(r, value);
	int64_t ms;

	if (!client_time_read(text, &ms) || ms < 0 || ms > LAST_MS)
		return false;
	*ret_ms = ms;
	return true;
}

#define SENT_AT_MAX_OFF INT64_C(315576000000) /* ten years */
#define LATE_MIN_MS INT64_C(43200000)         /* 12 hours: a clock that shows local time as UTC */
#define LATE_MAX_MS INT64_C(2592000000)       /* 30 days */

void
segment_take_receipt(const struct segment_request *r, struct segment_event *event)
{
	event->occurred_at = r->received_at;
	if (r->clock_unset)
		event->provisional = SEGMENT_BOTH_PROVISIONAL;
}

/* While our clock is unset, the client's word stands as it is. */
static void
limit_time(const struct segment_request *r, struct segment_event *event)
{
	if (r->clock_unset || event->occurred_at <= r->received_at + SEGMENT_FUTURE_MAX_MS)
		return;
	event->occurred_at = r->received_at;
	event->detail =
	    "its time is more than an hour after its receipt: the time of receipt is used";
}

void
segment_keep_time(struct segment_request *r, struct segment_event *event, int64_t t)
{
	event->occurred_at = t;
	if (r->clock_unset)
		event->provisional = SEGMENT_RECEIPT_PROVISIONAL;
	limit_time(r, event);
}

/*
 * What the client's clock showed at sending, against ours at receipt, is the error of its clock. A
 * sentAt before the event, or in another decade, says nothing of it. Neither does one that came 12
 * hours to 30 days late: that is a body that was kept and sent again, word for word. A clock that
 * is off by more was never set.
 */
static bool
says_the_offset(const struct segment_request *r, int64_t t, int64_t sent_at)
{
	int64_t late = r->received_at - sent_at, corrected = r->received_at - (sent_at - t);

	if (sent_at < t || sent_at - t > SENT_AT_MAX_OFF || corrected < 0 || corrected > LAST_MS)
		return false;
	return r->clock_unset || late < LATE_MIN_MS || late > LATE_MAX_MS;
}

void
segment_correct_time(struct segment_request *r, struct segment_event *event, int64_t sent_at)
{
	if (!says_the_offset(r, event->occurred_at, sent_at)) {
		segment_keep_time(r, event, event->occurred_at);
		return;
	}
	event->occurred_at = r->received_at - (sent_at - event->occurred_at);
	limit_time(r, event);
}

static bool
is_given(const struct json_value *value)
{
	return value->type != JSON_NONE && value->type != JSON_NULL;
}

/*
 * In an event that Segment passes on, `timestamp` is already corrected by the time at which Segment
 * received it, maybe hours ago. The spooler's time of receipt says nothing about the client's
 * clock.
 */
static bool
find_time(struct segment_request *r, const struct event_fields *f, int64_t *ret_ms)
{
	bool corrected = r->shape == SEGMENT_ARRAY;
	enum event_key first = corrected ? KEY_TIMESTAMP : KEY_ORIGINAL_TIMESTAMP;
	enum event_key second = corrected ? KEY_ORIGINAL_TIMESTAMP : KEY_TIMESTAMP;

	return segment_read_time(r, &f->value[first], ret_ms)
	       || segment_read_time(r, &f->value[second], ret_ms);
}

static void
take_time(struct segment_request *r, const struct event_fields *f, struct segment_event *event)
{
	int64_t t, sent_at;

	segment_take_receipt(r, event);
	if (!find_time(r, f, &t)) {
		if (is_given(&f->value[KEY_ORIGINAL_TIMESTAMP])
		    || is_given(&f->value[KEY_TIMESTAMP]))
			event->detail =
			    "its timestamp is not an ISO 8601 time since 1970: the time of "
			    "receipt is used";
		return;
	}
	event->occurred_at = t;
	if (r->shape == SEGMENT_ARRAY)
		segment_keep_time(r, event, t);
	else if (segment_read_time(r, &f->value[KEY_SENT_AT], &sent_at))
		segment_correct_time(r, event, sent_at);
	else
		event->wants_sent_at = true;
}

/* --- what an event is --------------------------------------------------------------------- */

static enum event_kind
find_kind(struct segment_request *r, const struct json_value *type)
{
	enum event_kind kind;

	if (r->path_kind != KIND_UNKNOWN || type->type != JSON_STRING)
		return r->path_kind;
	kind = kind_parse(segment_decode(r, type));
	/* Bento's own format is accepted on Bento's own paths only. */
	return kind == KIND_BENTO || kind == KIND_SUBSCRIBER ? KIND_UNKNOWN : kind;
}

/* Returns a text that is not blank, or a number; else absent. */
static struct slice
read_name(struct segment_request *r, const struct json_value *value)
{
	struct slice text = value->type == JSON_NUMBER ? value->raw : segment_decode(r, value);

	return event_is_blank(text) ? SLICE_NONE : text;
}

/* The browser SDK repeats the name in the properties. */
static struct slice
find_page_name(struct segment_request *r, const struct event_fields *f)
{
	struct slice name = read_name(r, &f->value[KEY_NAME]);

	return name.p != NULL ? name : read_name(r, &f->sources.place[PERSON_PROPERTIES].name);
}

/* RudderStack's Android SDK puts the name of a screen into `event` and properties.name. */
static struct slice
find_screen_name(struct segment_request *r, const struct event_fields *f)
{
	struct slice name = read_name(r, &f->value[KEY_NAME]);

	if (name.p == NULL)
		name = read_name(r, &f->value[KEY_EVENT]);
	return name.p != NULL ? name : read_name(r, &f->sources.place[PERSON_PROPERTIES].name);
}

static struct slice
find_name(struct segment_request *r, const struct event_fields *f, enum event_kind kind)
{
	if (kind == KIND_TRACK)
		return segment_decode(r, &f->value[KEY_EVENT]);
	if (kind == KIND_PAGE)
		return find_page_name(r, f);
	if (kind == KIND_SCREEN)
		return find_screen_name(r, f);
	if (kind == KIND_GROUP)
		return read_name(r, &f->sources.place[PERSON_TRAITS].name);
	return SLICE_NONE;
}

/* A number is used by its text. An empty id counts as absent: it would make all who have it one
 * person. */
static struct slice
find_message_id(struct segment_request *r, const struct json_value *value)
{
	struct slice text = value->type == JSON_NUMBER ? value->raw : segment_decode(r, value);

	return text.n == 0 || id_is_nobody(text) ? SLICE_NONE : text;
}

/* Each byte of an id may be written as \u00XX. */
#define RAW_ID_MAX (6 * SEGMENT_ID_MAX + 2)

static struct slice
find_id(struct segment_request *r, const struct json_value *value)
{
	struct slice text;

	if (value->raw.n > RAW_ID_MAX)
		return SLICE_NONE;
	text = value->type == JSON_NUMBER ? value->raw : segment_decode(r, value);
	return text.n > SEGMENT_ID_MAX || event_is_blank(text) || id_is_nobody(text) ? SLICE_NONE
										     : text;
}

/* A userId that gave the address is already decoded, and scratch has room for each text once. */
static void
take_ids(struct segment_request *r, const struct event_fields *f, struct segment_event *event)
{
	event->user_id =
	    event->email_from == PERSON_USER_ID ? event->email : find_id(r, &f->value[KEY_USER_ID]);
	event->anonymous_id = find_id(r, &f->value[KEY_ANONYMOUS_ID]);
	if (event->kind == KIND_ALIAS)
		event->previous_id = find_id(r, &f->value[KEY_PREVIOUS_ID]);
}

static bool
is_object_or_nothing(const struct json_value *value)
{
	return value->type == JSON_OBJECT || event_says_nothing(value);
}

/* Returns why the event can never be forwarded, in Segment's words; NULL when nothing is wrong. */
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

const char *
segment_why_no_email(const struct segment_event *event)
{
	bool has_ids = event->user_id.p != NULL || event->anonymous_id.p != NULL;

	return event->bad_email && !has_ids ? segment_invalid_email : segment_no_email;
}

const char *
segment_find_excess(struct segment_request *r, const struct segment_event *event)
{
	const char *reason = NULL;

	if (r->max_event > 0 && event->body.n > r->max_event)
		reason = event_too_large;
	else if (r->max_message_id > 0 && event->message_id.n > r->max_message_id
		 && utf8_count(event->message_id) > r->max_message_id)
		reason = message_id_too_long;
	r->n_excess += reason != NULL;
	return reason;
}

static void
decide_status(struct segment_request *r, const struct event_fields *f, struct segment_event *event)
{
	event->status = STATUS_INVALID;
	event->reason = segment_find_excess(r, event);
	if (event->reason != NULL)
		return;
	event->reason = find_fault(f, event);
	if (event->reason != NULL)
		return;
	if (event->kind != KIND_TRACK) {
		event->status = STATUS_UNSUPPORTED;
		event->reason = "unsupported_event_type";
	} else if (event->email.p == NULL) {
		event->reason = segment_why_no_email(event);
	} else {
		event->status = STATUS_PENDING;
	}
}

int
segment_read_event(struct segment_request *r, struct json *j, struct event_fields *f)
{
	struct segment_event *event;
	struct person person;

	if (event_fields_read(j, f) != 0)
		return -1;
	event = segment_push_event(r);
	if (event == NULL || person_find(&f->sources, &r->scratch, &person) != 0)
		return -1;
	event->body = f->body;
	event->kind = find_kind(r, &f->value[KEY_TYPE]);
	event->name = find_name(r, f, event->kind);
	event->message_id = find_message_id(r, &f->value[KEY_MESSAGE_ID]);
	event->integrations = f->value[KEY_INTEGRATIONS].raw;
	event->older_integrations = f->older;
	event->email = person.email;
	event->email_from = (unsigned char)person.where;
	event->bad_email = person.is_invalid;
	take_ids(r, f, event);
	take_time(r, f, event);
	decide_status(r, f, event);
	return 0;
}

int
segment_keep_stray(struct segment_request *r, struct json *j, enum event_kind kind)
{
	struct segment_event *event;
	struct json_value value;

	if (json_skip(j, &value) != 0)
		return -1;
	event = segment_push_event(r);
	if (event == NULL)
		return -1;
	event->body = value.raw;
	event->kind = kind;
	event->email_from = PERSON_NOBODY;
	segment_take_receipt(r, event);
	event->status = STATUS_INVALID;
	event->reason = segment_find_excess(r, event);
	if (event->reason == NULL)
		event->reason = "event_not_object";
	return 0;
}

int
segment_read_object(struct segment_request *r, struct slice object,
    int (*read)(struct segment_request *r, struct json *j))
{
	struct slice key;
	struct json j;
	int more;

	json_init(&j, object, r->max_depth);
	if (event_find_member(object, "type").type == JSON_STRING
	    || event_find_member(object, "email").type == JSON_STRING)
		return read(r, &j);
	if (json_object_begin(&j) != 0)
		return -1;
	while ((more = json_object_next(&j, &key)) > 0)
		if (read(r, &j) != 0)
			return -1;
	return more;
}

/* --- what the whole request says of it ---------------------------------------------------- */

/* An address from the batch ranks before the event's own properties and userId. */
void
segment_give_batch_email(struct segment_event *event, struct slice email)
{
	if (event->email_from <= PERSON_BATCH_TRAITS)
		return;
	event->email = email;
	event->email_from = PERSON_BATCH_TRAITS;
	if (event->status == STATUS_INVALID
	    && (event->reason == segment_no_email || event->reason == segment_invalid_email)) {
		event->status = STATUS_PENDING;
		event->reason = NULL;
	}
}

/* Writes by how much each event exceeds a limit. Makes room for all texts first, so that none
 * moves. */
int
segment_explain_excess(struct segment_request *r)
{
	struct buf *to = &r->details;

	buf_clear(to);
	to->max = r->n_excess * SEGMENT_DETAIL_MAX;
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
			    utf8_count(event->message_id), r->max_message_id);
		buf_append_byte(to, '\0');
	}
	return 0;
}
