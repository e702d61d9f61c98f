/*
 * The events that go before others, for a thin link. An event goes first when its name matches one
 * of the site's patterns, and with it go the older events of its person, so that the order of each
 * person holds. A person is known by the address and the ids in the calls, and by what these calls
 * join: an identify call with an anonymousId and a userId makes both one person.
 *
 * Looks at the oldest FIRST_LOOK due events; an event behind these waits until it is among them.
 * One site, dispatcher thread.
 */
#ifndef DISPATCH_QUEUE_FIRST_H
#define DISPATCH_QUEUE_FIRST_H

#include <stddef.h>

#include "base/err.h"
#include "dispatch/queue/batch.h"
#include "dispatch/queue/fill.h"

#define FIRST_LOOK 10000

/*
 * Fills an empty batch with the events that go before others; it stays empty when there are none.
 * patterns: the names of such events. Returns -1 when reading failed or without memory.
 */
int first_fill(struct batch *b, const struct fill *f, const char *const *patterns,
    size_t n_patterns, struct err *e);

#endif
