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
 * What languages print for a time that they were given as an object: PHP's DateTime, whose zone is
 * UTC or an offset, MongoDB's $date, and seconds of Firestore and protobuf. A zone by its name is
 * not understood. False when it is none of these. Wall ms.
 */
bool client_time_read_object(struct slice object, int64_t *ret_ms);

#endif
