/*
 * Ids that stand for nobody: broken programs and SDKs send them when they have no id. Pure; any
 * thread.
 */
#ifndef EVENT_SEGMENT_NOBODY_H
#define EVENT_SEGMENT_NOBODY_H

#include <stdbool.h>

#include "base/slice.h"
#include "event/json/json.h"

/*
 * Whether the decoded id stands for nobody: it is blank, has only zeros and dashes, or is in the
 * list. Case, quotes, blanks and invisible characters around it are ignored.
 */
bool id_is_nobody(struct slice id);

/*
 * Whether the value can identify one thing: a number or a text that does not stand for nobody.
 * Otherwise all orders with the id "undefined" would count as one.
 */
bool value_is_key(const struct json_value *value);

#endif
