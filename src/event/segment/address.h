/*
 * Finds the one address that a text means. Pure; any thread.
 */
#ifndef EVENT_SEGMENT_ADDRESS_H
#define EVENT_SEGMENT_ADDRESS_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Removes what people and programs put around an address, in place: blanks and invisible characters
 * (anywhere), quotes, mailto:, a name before <...>, a comment behind the address, a final dot.
 * Writes to text. The result need not be an address: see person_email_is_valid.
 */
struct slice address_clean(char *text, size_t n);
/* Whether a userId that looks like an address may be used as one. Not when it contains | : # or the
 * like, because most such userIds are ids of another kind. */
bool address_may_be_guessed(struct slice address);

#endif
