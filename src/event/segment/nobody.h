/*
 * Ids that are nobody's: what broken code and broken SDKs send for an id they do not have. Pure;
 * any thread.
 */
#ifndef EVENT_SEGMENT_NOBODY_H
#define EVENT_SEGMENT_NOBODY_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Whether the id, a decoded text, names nobody: blank, of zeros and dashes only, or in the list;
 * case, quotes, blanks and invisible characters around it make no difference.
 */
bool id_is_nobody(struct slice id);

#endif
