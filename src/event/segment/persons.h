/*
 * The ids by which a call names the people that it is about: two calls that share one may concern
 * one person. Pure; any thread.
 */
#ifndef EVENT_SEGMENT_PERSONS_H
#define EVENT_SEGMENT_PERSONS_H

#include <stddef.h>

#include "base/slice.h"

#define PERSONS_MAX 3 /* userId, anonymousId, previousId */

/* Finds the ids in a stored call, as they were written (without quotes). They are slices of the
 * body. Returns their number; 0 for what is not a call. */
size_t persons_find(struct slice body, struct slice ret_ids[PERSONS_MAX]);

#endif
