/*
 * Finds the time of an event: the client's time, corrected by the error of the client's clock when
 * sentAt shows it. A time that cannot be used, or that is more than an hour after the receipt, is
 * replaced by the time of receipt, and a detail says so. Cannot fail.
 */
#include "event/segment/client_time.h"
#include "event/segment/segment_build.h"

#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/*
 * Reads a time. Returns false outside 1970 to 9999. A time before 1970 comes from a client that
 * never set it (and sends the year 1), and would spoil the correction. A zone's offset must not
 * move a time past the year 9999 either.
 */
bool
segment_read_time(struct segment_request *r, const struct json_value *value, int64_t *ret_ms)
{
	int64_t ms;
	bool found;

	if (value->type == JSON_OBJECT)
		found = client_time_read_object(value->raw, &ms);
	else
		found = client_time_read(
		    value->type == JSON_NUMBER ? value->raw : segment_decode(r, value), &ms);
	if (!found || ms < 0 || ms > LAST_MS)
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

/* Replaces a time that is more than an hour after the receipt. While our clock is not set, the
 * client's time stays. */
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
 * Whether the difference between our clock at receipt and sentAt is the error of the client's
 * clock. It is not when sentAt lies before the event or in another decade. It is not when the body
 * came 12 hours to 30 days after sentAt: it was probably kept and sent again unchanged. A clock
 * that is more than 30 days behind was never set, so the difference counts.
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
 * Finds the client's time. When Segment forwards an event, it has already corrected `timestamp`, by
 * its own time of receipt. Our time of receipt may be hours later, and says nothing about the
 * client's clock.
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

void
segment_take_time(
    struct segment_request *r, const struct event_fields *f, struct segment_event *event)
{
	int64_t t, sent_at;

	segment_take_receipt(r, event);
	if (!find_time(r, f, &t)) {
		if (is_given(&f->value[KEY_ORIGINAL_TIMESTAMP])
		    || is_given(&f->value[KEY_TIMESTAMP]))
			event->detail =
			    "its timestamp cannot be read as a time: the time of receipt is used";
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
