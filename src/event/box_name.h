/* The name of a box that forwards to a central spooler. Pure; any thread. */
#ifndef EVENT_BOX_NAME_H
#define EVENT_BOX_NAME_H

#include <stdbool.h>

#include "base/slice.h"

#define BOX_NAME_MAX 64 /* characters of a box's name */

/* Whether the name has 1 to BOX_NAME_MAX letters, digits, dots, hyphens and underscores. */
bool box_name_is_valid(struct slice name);

#endif
