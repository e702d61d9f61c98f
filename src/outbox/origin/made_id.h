/* The messageId of a call whose client sent none. */
#ifndef OUTBOX_ORIGIN_MADE_ID_H
#define OUTBOX_ORIGIN_MADE_ID_H

#include "base/rand.h"
#include "base/slice.h"

#define MADE_ID_SIZE 37 /* a UUID and a NUL */

/* Makes a random UUID (version 4, RFC 9562), as Segment's SDKs do. Returns a slice of `text`, which
 * also ends with a NUL. */
struct slice made_id(struct rand *rand, char text[MADE_ID_SIZE]);

#endif
