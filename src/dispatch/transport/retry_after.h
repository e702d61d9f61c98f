/*
 * How long a server asks us to wait. Pure.
 */
#ifndef DISPATCH_TRANSPORT_RETRY_AFTER_H
#define DISPATCH_TRANSPORT_RETRY_AFTER_H

#include <stdint.h>

/*
 * The value of a Retry-After header in ms: whole seconds, or an HTTP date, which counts from the
 * answer's own Date (so that our clock may be wrong) and, without a readable one, from now (wall
 * ms). A date that has passed is 0. -1 when there is none: text NULL or not understood.
 */
int64_t retry_after_parse(const char *text, const char *date, int64_t now);

#endif
