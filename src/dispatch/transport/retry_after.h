/* How long a server asks to wait (RFC 9110, 10.2.3). Pure; any thread. */
#ifndef DISPATCH_TRANSPORT_RETRY_AFTER_H
#define DISPATCH_TRANSPORT_RETRY_AFTER_H

#include <stdint.h>

/*
 * Returns the value of a Retry-After header in ms: whole seconds, or an HTTP date relative to the
 * answer's own Date (so that our clock may be wrong) or, without a readable Date, to now (wall ms).
 * A date in the past is 0, a wait of more than a year is a year. Returns -1 when text is NULL or
 * makes no sense.
 */
int64_t retry_after_parse(const char *text, const char *date, int64_t now);

#endif
