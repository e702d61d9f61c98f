/* Between segment.c (one event) and envelope.c (the body around the events). Pure. */
#ifndef EVENT_SEGMENT_SEGMENT_BUILD_H
#define EVENT_SEGMENT_SEGMENT_BUILD_H

#include "event/segment/fields.h"
#include "event/segment/segment.h"

/* One pointer, as the code of a request that has more events than max_events. */
extern const char segment_too_many_events[];

/* Before anything is decoded: empty, with room for all texts. -1 without memory. */
int segment_prepare(struct segment_request *r);
/* A new event, all zeros; NULL: too many (code says so), or no memory. */
struct segment_event *segment_push_event(struct segment_request *r);
/* Which limit the event exceeds, counted for segment_explain_excess; NULL: none. */
const char *segment_find_excess(struct segment_request *r, const struct segment_event *event);
/* The text of a string, else absent. */
struct slice segment_decode(struct segment_request *r, const struct json_value *value);
/* Whether it is a time from 1970 to 9999; wall ms. */
bool segment_read_time(struct segment_request *r, const struct json_value *value, int64_t *ret_ms);
/* It gives no time of its own: that of its receipt. */
void segment_take_receipt(const struct segment_request *r, struct segment_event *event);
/* Its time is t, but never later than its receipt by more than an hour: then it gets that time. */
void segment_keep_time(struct segment_request *r, struct segment_event *event, int64_t t);
/* Corrects its time by the client's clock at sending against ours at receipt, where both agree with
 * each other well enough. */
void segment_correct_time(struct segment_request *r, struct segment_event *event, int64_t sent_at);

/*
 * Consumes the event, whose opening brace comes next, and adds it to the request; f gets what was
 * found in it. -1: not JSON (the reader says what), else too many events (code) or no memory.
 */
int segment_read_event(struct segment_request *r, struct json *j, struct event_fields *f);
/*
 * Consumes a member of a batch that is not an object, and keeps it as an invalid event. -1 as
 * segment_read_event.
 */
int segment_keep_stray(struct segment_request *r, struct json *j, enum event_kind kind);
/*
 * An object where a list of events is expected: one event, when it has a `type` or `email`; else
 * its values are the list (PHP's arrays with holes). `read` consumes one member. -1 as that.
 */
int segment_read_object(struct segment_request *r, struct slice object,
    int (*read)(struct segment_request *r, struct json *j));
/* The address that the batch gives ranks before those that describe the event. */
void segment_give_batch_email(struct segment_event *event, struct slice email);
/* Says of the events that exceed a limit by how much. -1 without memory. */
int segment_explain_excess(struct segment_request *r);

#endif
