/* Decides whether two bodies with the same messageId are one event that was sent twice. Pure; any
 * thread. */
#ifndef EVENT_SEGMENT_SAME_CONTENT_H
#define EVENT_SEGMENT_SAME_CONTENT_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * True when both are objects with equal members, in any order. Members that SDKs rewrite for a
 * retry do not count: sentAt, receivedAt, _metadata, writeKey. Values are compared as written.
 */
bool segment_same_content(struct slice a, struct slice b);

#endif
