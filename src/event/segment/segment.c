/* Reads one event of a request: its columns, and the faults that make it invalid for every site.
 * Fails on text that is not JSON, on too many events, and without memory. */
#include "event/segment/segment.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "event/segment/invisible.h"
#include "event/segment/nobody.h"
#include "event/segment/person.h"
#include "event/segment/segment_build.h"

const char segment_no_email[] = "no_email";
const char segment_invalid_email[] = "invalid_email";
static const char event_too_large[] = "event_too_large";
static const char message_id_too_long[] = "message_id_too_long";

const char segment_too_many_events[] = "too_many_events";

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
	free(r->origins);
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

/* A number is used by its text. An empty id counts as absent: otherwise everybody with an empty id
 * would be one person. */
static struct slice
find_message_id(struct segment_request *r, const struct json_value *value)
{
	struct slice text = value->type == JSON_NUMBER ? value->raw : segment_decode(r, value);

	return text.n == 0 || id_is_nobody(text) ? SLICE_NONE : text;
}

/* Each byte of an id may be written as \u00XX. */
#define RAW_ID_MAX (6 * SEGMENT_ID_MAX + 2)

static bool
may_be_blank(char c)
{
	return c <= ' ' || c > '~'; /* char may be signed */
}

/* Removes blanks and invisible characters around an id. */
static struct slice
trim_id(struct slice id)
{
	struct slice rest = id;
	size_t first = id.n, end = 0;

	if (id.n == 0 || (!may_be_blank(id.p[0]) && !may_be_blank(id.p[id.n - 1])))
		return id;
	while (rest.n > 0) {
		size_t at = id.n - rest.n;
		unsigned code = utf8_next(&rest);

		if (code == ' ' || code == 0xfffd || code_is_invisible(code))
			continue;
		first = first < at ? first : at;
		end = id.n - rest.n;
	}
	return first < end ? (struct slice){ id.p + first, end - first } : SLICE_NONE;
}

/* Removes a fraction of zeros: 42.0 counts as 42, because a data frame turns a column of ids into
 * floats. */
static struct slice
whole_number(struct slice number)
{
	const char *dot = memchr(number.p, '.', number.n);
	size_t n = dot == NULL ? number.n : (size_t)(dot - number.p);

	for (size_t i = n + 1; i < number.n; i++)
		if (number.p[i] != '0')
			return number;
	return (struct slice){ number.p, n };
}

static struct slice
find_id(struct segment_request *r, const struct json_value *value)
{
	struct slice text;

	if (value->raw.n > RAW_ID_MAX)
		return SLICE_NONE;
	text = trim_id(
	    value->type == JSON_NUMBER ? whole_number(value->raw) : segment_decode(r, value));
	return text.n > SEGMENT_ID_MAX || event_is_blank(text) || id_is_nobody(text) ? SLICE_NONE
										     : text;
}

/* Older clients call previousId and userId `from` and `to`. */
static void
take_alias_ids(struct segment_request *r, const struct event_fields *f, struct segment_event *event)
{
	struct json_value from = event_find_member(event->body, "from"),
			  to = event_find_member(event->body, "to");

	event->previous_id = find_id(r, &f->value[KEY_PREVIOUS_ID]);
	if (event->previous_id.p == NULL)
		event->previous_id = find_id(r, &from);
	if (event->user_id.p == NULL)
		event->user_id = find_id(r, &to);
}

/* A userId that gave the address is already decoded, and scratch has room to decode each text only
 * once. */
static void
take_ids(struct segment_request *r, const struct event_fields *f, struct segment_event *event)
{
	event->user_id =
	    event->email_from == PERSON_USER_ID ? event->email : find_id(r, &f->value[KEY_USER_ID]);
	event->anonymous_id = find_id(r, &f->value[KEY_ANONYMOUS_ID]);
	if (event->kind == KIND_ALIAS)
		take_alias_ids(r, f, event);
}

static bool
is_object_or_nothing(const struct json_value *value)
{
	return value->type == JSON_OBJECT || event_says_nothing(value);
}

/* Returns why the event can never be forwarded, as a static word; NULL when nothing is wrong. */
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

static bool
has_reason(const struct segment_event *event, const char *reason)
{
	return event->reason != NULL && strcmp(event->reason, reason) == 0;
}

bool
segment_has_no_email(const struct segment_event *event)
{
	return has_reason(event, segment_no_email);
}

bool
segment_lacks_address(const struct segment_event *event)
{
	return segment_has_no_email(event) || has_reason(event, segment_invalid_email);
}

bool
segment_lacks_only_address(const struct segment_event *event)
{
	if (event->user_id.p == NULL && event->anonymous_id.p == NULL)
		return false;
	if (event->erases)
		return true;
	return event->kind != KIND_DELETE && event->status == STATUS_INVALID
	       && segment_has_no_email(event);
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
	segment_take_time(r, f, event);
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

typedef int read_fn(struct segment_request *r, struct json *j);

/* Reads an object where a list is expected: one event, when it has a `type` or an `email`; else its
 * values are the list (PHP's arrays with holes). */
static int
read_object(struct segment_request *r, struct slice object, read_fn *read)
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

int
segment_read_list(
    struct segment_request *r, struct json *j, enum json_type *ret_type, read_fn *read)
{
	struct json_value value;
	int more;

	r->n_events = r->n_excess = 0;
	buf_clear(&r->scratch);
	*ret_type = json_peek(j);
	if (*ret_type == JSON_OBJECT && json_skip(j, &value) == 0)
		return read_object(r, value.raw, read);
	if (*ret_type != JSON_ARRAY)
		return json_skip(j, &value);
	if (json_array_begin(j) != 0)
		return -1;
	while ((more = json_array_next(j)) > 0)
		if (read(r, j) != 0)
			return -1;
	return more;
}

/* --- what the whole request says about an event ----------------------------------------------- */

/* An address from the batch ranks before those in the event's own properties and userId. */
void
segment_give_batch_email(struct segment_event *event, struct slice email)
{
	if (event->email_from <= PERSON_BATCH_TRAITS)
		return;
	event->email = email;
	event->email_from = PERSON_BATCH_TRAITS;
	if (event->status == STATUS_INVALID && segment_lacks_address(event)) {
		event->status = STATUS_PENDING;
		event->reason = NULL;
	}
}

/* Writes for each event that exceeds a limit its size and the limit. Makes room for all these texts
 * first, so that none moves later. */
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
