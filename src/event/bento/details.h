/*
 * Checks the details of Bento's events, and writes them with a unique key. Pure; any thread.
 * doc/bento.md ("An event") is the source.
 *
 * `details` is a raw JSON object; absent, null and an empty array (PHP's empty object) mean no
 * details.
 */
#ifndef EVENT_BENTO_DETAILS_H
#define EVENT_BENTO_DETAILS_H

#include <stdbool.h>

#include "base/buf.h"
#include "event/json/json.h"

/* Whether Bento can drop repeats by `unique`: it is {"key": a number, or a text that is not
 * blank}. */
bool details_unique_is_usable(const struct json_value *unique);
/* Returns details.unique.key when it is usable, else JSON_NONE. */
struct json_value details_unique_key(struct slice details);
/*
 * Returns what the details of an event of this type lack: "purchase_key_missing",
 * "purchase_value_invalid" or "tag_missing", as a static word. NULL when nothing is wrong, or when
 * the type needs no details.
 */
const char *details_fault(struct slice type, struct slice details);
/*
 * Appends the details as an object. `key` becomes details.unique.key when the details have no
 * usable key, or when replace is set; the former value of details.unique then becomes
 * details.unique.value. An absent key adds nothing. `unique` is what details_unique returns for the
 * details. The amount of a $purchase loses a fraction of zeros. Returns false, and appends nothing,
 * when there is nothing to write.
 */
bool details_append(struct slice type, struct slice details, const struct json_value *unique,
    struct slice key, bool replace, struct buf *to);
/* Returns the member `unique` of the details, or JSON_NONE. */
struct json_value details_unique(struct slice details);

#endif
