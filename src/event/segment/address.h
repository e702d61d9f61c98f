/*
 * The one address that a text means. Pure; any thread.
 */
#ifndef EVENT_SEGMENT_ADDRESS_H
#define EVENT_SEGMENT_ADDRESS_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Takes what people and programs put around an address off in place: blanks and invisible
 * characters (anywhere), quotes, mailto:, a name before <...>, a comment behind it, a dot at the
 * end. text may be written to. The rest is an address or not: see person_email_is_valid.
 */
struct slice address_clean(char *text, size_t n);
/* Whether a userId with the shape of an address may be taken for one: most ids with | : # are not.
 */
bool address_may_be_guessed(struct slice address);

#endif
