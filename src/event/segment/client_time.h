/*
 * Times as clients write them. Pure; any thread.
 */
#ifndef EVENT_SEGMENT_CLIENT_TIME_H
#define EVENT_SEGMENT_CLIENT_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * ISO 8601, and what clients write in its place: its basic form, other marks between its parts,
 * names of UTC as the zone, 24:00; RFC 2822 and JavaScript's Date; seconds, milliseconds,
 * microseconds or nanoseconds since 1970 as a number. False when it is none of these. Wall ms.
 */
bool client_time_read(struct slice text, int64_t *ret_ms);

#endif
