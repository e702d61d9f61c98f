/*
 * Bento's reserved types: what Bento would answer with 200 and then drop in silence, or act on
 * without the part that matters. Pure; any thread. doc/bento.md ("Events") is the source.
 */
#ifndef EVENT_BENTO_RESERVED_H
#define EVENT_BENTO_RESERVED_H

#include <stdbool.h>

#include "base/slice.h"

/* Is it one of the types that act on the subscriber ($purchase, $tag, ...)? */
bool reserved_is(struct slice type);
/*
 * What is wrong with the details (a raw JSON object; absent: none) of an event of this type: a
 * static word, "purchase_key_missing", "purchase_value_invalid" or "tag_missing". NULL: nothing,
 * or the type is not reserved.
 */
const char *reserved_fault(struct slice type, struct slice details);

#endif
