/* Reads a request body in Bento's own format: the frame, and each event or subscriber in it. Fails
 * when the body is not JSON or has another structure, and without memory. */
#include <string.h>

#include "base/isotime.h"
#include "base/utf8.h"
#include "event/bento/bento_api.h"
#include "event/bento/details.h"
#include "event/segment/person.h"
#include "event/segment/segment_build.h"

static const char *
name_of_list(const struct segment_request *r)
{
	return r->path_kind == KIND_BENTO ? "events" : "subscribers";
}

/* ---- one event -------------------------------------------------------------------------- */

static void
take_time(struct segment_request *r, const struct json_value *date, struct segment_event *event)
{
	int64_t t;

	segment_take_receipt(r, event);
	if (r->path_kind != KIND_BENTO)
		return;
	if (segment_read_time(r, date, &t))
		segment_keep_time(r, event, t);
	else if (date->type != JSON_NONE && date->type != JSON_NULL)
		event->detail = "its date cannot be read as a time: the time of receipt is used";
}

static void
decide_status(
    struct segment_request *r, const struct bento_api_fields *f, struct segment_event *event)
{
	event->reason = segment_find_excess(r, event);
	if (event->reason == NULL)
		event->reason = bento_api_fault(event->kind, f, event->name, event->email);
	event->status = event->reason == NULL ? STATUS_PENDING : STATUS_INVALID;
}

#define OF_PURCHASE ":purchase"
#define OF_OTHERS ":event"

static bool
ends_with(struct slice text, struct slice end)
{
	return text.n >= end.n && memcmp(text.p + text.n - end.n, end.p, end.n) == 0;
}

/*
 * Returns what is appended to a key to make the messageId: ":purchase" for a purchase; ":event" for
 * another event whose key already ends in ":purchase", with any number of ":event" behind it; else
 * nothing. So no two keys become one messageId.
 */
static struct slice
find_suffix(struct slice key, bool purchase)
{
	if (purchase)
		return SLICE(OF_PURCHASE);
	while (ends_with(key, SLICE(OF_OTHERS)))
		key.n -= sizeof(OF_OTHERS) - 1;
	return ends_with(key, SLICE(OF_PURCHASE)) ? SLICE(OF_OTHERS) : (struct slice){ "", 0 };
}

/*
 * Makes the messageId from the unique key, so that a client's retry and a chain of spoolers store
 * an event once. A purchase and another event often share an order's id, so the messageId of the
 * purchase gets a suffix. scratch is as large as the body, in which the names `key` and `type`
 * leave room for the suffix. Returns -1 without memory.
 */
static int
take_message_id(
    struct segment_request *r, const struct bento_api_fields *f, struct segment_event *event)
{
	struct json_value key = details_unique_key(bento_api_object(&f->details));
	struct slice id = key.type == JSON_NUMBER ? key.raw : segment_decode(r, &key);
	struct slice suffix;
	size_t n = id.n;

	if (r->path_kind != KIND_BENTO || id.n == 0
	    || (r->max_message_id > 0 && utf8_count(id) > r->max_message_id))
		return 0;
	suffix = find_suffix(id, SLICE_IS(event->name, "$purchase"));
	if (suffix.n > 0) {
		bool decoded = r->scratch.n >= n && id.p == r->scratch.p + r->scratch.n - n;

		/* Reserves all room now, so that nothing in scratch moves later. */
		buf_reserve(&r->scratch, r->scratch.max - r->scratch.n);
		if (!decoded)
			buf_append_slice(&r->scratch, id);
		buf_append_slice(&r->scratch, suffix);
		if (r->scratch.failed)
			return -1;
		id.n = n + suffix.n;
		id.p = r->scratch.p + r->scratch.n - id.n;
	}
	event->message_id = id;
	return 0;
}

static int
read_event(struct segment_request *r, struct json *j)
{
	struct bento_api_fields f;
	struct segment_event *event;

	if (bento_api_read(j, &f) != 0)
		return -1;
	event = segment_push_event(r);
	if (event == NULL)
		return -1;
	event->body = f.body;
	event->kind = r->path_kind;
	if (person_read_address(&f.email, &r->scratch, &event->email) < 0)
		return -1;
	if (r->path_kind == KIND_BENTO)
		event->name = segment_decode(r, &f.type);
	if (take_message_id(r, &f, event) != 0)
		return -1;
	take_time(r, &f.date, event);
	decide_status(r, &f, event);
	return 0;
}

/* ---- the body --------------------------------------------------------------------------- */

/* The members of the body around the events. */
struct frame {
	enum json_type list; /* JSON_NONE when the key is missing */
	struct json_value site_uuid;
};

/* Stores a member that is not an object as an invalid event. */
static int
read_member(struct segment_request *r, struct json *j)
{
	return json_peek(j) == JSON_OBJECT ? read_event(r, j)
					   : segment_keep_stray(r, j, r->path_kind);
}

static int
read_frame(struct segment_request *r, struct json *j, struct frame *frame)
{
	struct json_value value;
	struct slice key;
	int more, rc;

	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &key)) > 0) {
		if (json_string_is(key, name_of_list(r)))
			rc = segment_read_list(r, j, &frame->list, read_member);
		else
			rc = json_skip(
			    j, json_string_is(key, "site_uuid") ? &frame->site_uuid : &value);
		if (rc != 0)
			return -1;
	}
	return more;
}

static int
refuse(struct segment_request *r, struct err *e, const char *code)
{
	r->n_events = 0;
	r->code = code;
	return strcmp(code, "out_of_memory") == 0 ? err_nomem(e) : -1;
}

static int
refuse_unread(struct segment_request *r, struct err *e, const struct json *j)
{
	if (j->error != NULL) {
		err_set(e, ERR_INPUT, "the body is not a JSON object: %s at byte %zu", j->error,
		    json_offset(j));
		return refuse(r, e, "invalid_json");
	}
	if (r->code != segment_too_many_events)
		return refuse(r, e, "out_of_memory");
	err_set(e, ERR_INPUT,
	    "\"%s\" holds more than %zu, too many for the memory: post smaller batches",
	    name_of_list(r), r->max_events);
	return refuse(r, e, segment_too_many_events);
}

static int
check_frame(struct segment_request *r, const struct frame *frame, struct err *e)
{
	const char *name = name_of_list(r);

	if (frame->list != JSON_ARRAY && frame->list != JSON_OBJECT) {
		err_set(e, ERR_INPUT, "\"%s\" is %s", name,
		    frame->list == JSON_NONE ? "missing" : "not an array");
		return refuse(r, e, "batch_missing");
	}
	if (r->n_events > 0)
		return 0;
	err_set(e, ERR_INPUT, "\"%s\" is empty", name);
	return refuse(r, e, "empty_batch");
}

int
bento_api_parse(struct segment_request *r, struct err *e)
{
	struct frame frame = { 0 };
	struct json j;
	int rc;

	if (segment_prepare(r) != 0)
		return refuse(r, e, "out_of_memory");
	json_init(&j, r->body, r->max_depth);
	rc = read_frame(r, &j, &frame);
	if (rc != 0 || json_finish(&j) != 0)
		return refuse_unread(r, e, &j);
	if (check_frame(r, &frame, e) != 0)
		return -1;
	if (segment_explain_excess(r) != 0)
		return refuse(r, e, "out_of_memory");
	r->site_uuid = segment_decode(r, &frame.site_uuid);
	return 0;
}
