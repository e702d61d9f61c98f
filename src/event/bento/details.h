/*
 * Details of Bento's events: what they must hold, and how they are written with a unique key.
 * Pure; any thread. doc/bento.md ("An event") is the source.
 *
 * `details` is a raw JSON object; absent, null and an empty array (PHP's empty object) are none.
 */
#ifndef EVENT_BENTO_DETAILS_H
#define EVENT_BENTO_DETAILS_H

#include <stdbool.h>

#include "base/buf.h"
#include "event/json/json.h"

/* Whether `unique` is a key by which Bento drops repeats: {"key": number or text that is not
 * blank}.
 */
bool details_unique_is_usable(const struct json_value *unique);
/* details.unique.key when it is usable, else JSON_NONE. */
struct json_value details_unique_key(struct slice details);
/*
 * What is wrong with the details of an event of this type: a static word, "purchase_key_missing",
 * "purchase_value_invalid" or "tag_missing". NULL: nothing, or the type asks for nothing.
 */
const char *details_fault(struct slice type, struct slice details);
/*
 * Appends the object: the bytes of details, with `key` as unique.key where they have no usable one
 * or replace is set (what `unique` held instead stands beside it as `value`), and the amount of a
 * $purchase without a fraction of zeros. key absent: none is added. Nothing at all: nothing is
 * appended, and false.
 */
bool details_append(
    struct slice type, struct slice details, struct slice key, bool replace, struct buf *to);

#endif
