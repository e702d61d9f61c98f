/* Shared by segment.c, which reads one event, and envelope.c, which reads the body around the
 * events. Pure. */
#ifndef EVENT_SEGMENT_SEGMENT_BUILD_H
#define EVENT_SEGMENT_SEGMENT_BUILD_H

#include "event/segment/fields.h"
#include "event/segment/segment.h"

/* The code of a request with more than max_events events; callers compare this pointer. */
extern const char segment_too_many_events[];

/* Empties the request's buffers and makes room for all texts, before anything is decoded. Returns
 * -1 without memory. */
int segment_prepare(struct segment_request *r);
/* Adds a zeroed event. Returns NULL when there are too many (code says so) or there is no
 * memory. */
struct segment_event *segment_push_event(struct segment_request *r);
/* Returns the limit that the event exceeds, or NULL, and counts the event for
 * segment_explain_excess. */
const char *segment_find_excess(struct segment_request *r, const struct segment_event *event);
/* Returns the decoded text of a string; absent for any other value. */
struct slice segment_decode(struct segment_request *r, const struct json_value *value);
/* Reads a time from 1970 to 9999 as wall ms. Returns false when it is not one. */
bool segment_read_time(struct segment_request *r, const struct json_value *value, int64_t *ret_ms);
/* Gives the event its own time, as far as it can be found before the whole envelope is read. */
void segment_take_time(
    struct segment_request *r, const struct event_fields *f, struct segment_event *event);
/* Gives an event without a usable time the time of its receipt. */
void segment_take_receipt(const struct segment_request *r, struct segment_event *event);
/* Gives the event the time t, or the time of its receipt when t is more than an hour later. */
void segment_keep_time(struct segment_request *r, struct segment_event *event, int64_t t);
/* Corrects the event's time by the difference between our clock at receipt and the client's clock
 * at sending, unless that difference cannot be the error of the client's clock. */
void segment_correct_time(struct segment_request *r, struct segment_event *event, int64_t sent_at);

/*
 * Consumes the event, whose opening brace comes next, and adds it to the request. f gets the values
 * found in it. Returns -1 when it is not JSON (the reader has the error), on too many events
 * (code), or without memory.
 */
int segment_read_event(struct segment_request *r, struct json *j, struct event_fields *f);
/*
 * Consumes a member of a batch that is not an object and stores it as an invalid event. Fails like
 * segment_read_event.
 */
int segment_keep_stray(struct segment_request *r, struct json *j, enum event_kind kind);
/*
 * Reads the value where a list of events is expected; ret_type gets its type. The events are the
 * members of an array, the values of an object, or one object that is itself an event; any other
 * value has none. They replace the events of an earlier list. `read` consumes one event; when it
 * fails, this function returns its result.
 */
int segment_read_list(struct segment_request *r, struct json *j, enum json_type *ret_type,
    int (*read)(struct segment_request *r, struct json *j));
/* Gives the event the batch's address, which ranks before the event's own properties and userId. */
void segment_give_batch_email(struct segment_event *event, struct slice email);
/* Writes for each event that exceeds a limit its size and the limit. Returns -1 without memory. */
int segment_explain_excess(struct segment_request *r);

#endif
