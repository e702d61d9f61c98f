/*
 * Parses what a spooler at the edge forwards:
 * {"events":[{"id":"...","receivedAt":...,"call":{...}},
 * ...]} (event/mapping/mapping_forward.c writes it). Pure; any thread.
 */
#ifndef EVENT_SEGMENT_FORWARDED_H
#define EVENT_SEGMENT_FORWARDED_H

#include "event/segment/segment.h"

/*
 * Like segment_parse, and fills r->origins. The list may be empty, for a box that only reports.
 * Returns -1 with "invalid_json", "not_object", "batch_missing" or "invalid_event" when the body as
 * a whole is refused. The names and times of the edge are used as they are: the events' own times
 * are not corrected again, and a receipt that lies in the future becomes now.
 */
int forwarded_parse(struct segment_request *r, struct err *e);

#endif
