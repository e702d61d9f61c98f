/*
 * Ids that stand for nobody: broken programs and SDKs send them when they have no id. Pure; any
 * thread.
 */
#ifndef EVENT_SEGMENT_NOBODY_H
#define EVENT_SEGMENT_NOBODY_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Whether the decoded id stands for nobody: it is blank, has only zeros and dashes, or is in the
 * list. Case, quotes, blanks and invisible characters around it are ignored.
 */
bool id_is_nobody(struct slice id);

#endif
