/*
 * Reads times as clients write them. Pure; any thread.
 */
#ifndef EVENT_SEGMENT_CLIENT_TIME_H
#define EVENT_SEGMENT_CLIENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Accepts ISO 8601 and its variants (basic format, other separators, names of UTC as the zone,
 * 24:00); RFC 2822 and JavaScript's Date; and a number of seconds, milliseconds, microseconds or
 * nanoseconds since 1970. Gives wall ms. Returns false for any other text.
 */
bool client_time_read(struct slice text, int64_t *ret_ms);
/*
 * Reads the objects that languages print for a time: PHP's DateTime with UTC or an offset as its
 * zone, MongoDB's $date, and the seconds of Firestore and protobuf. Gives wall ms. Returns false
 * for any other object, such as one with a named zone.
 */
bool client_time_read_object(struct slice object, int64_t *ret_ms);

#endif
