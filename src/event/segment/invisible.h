/*
 * Characters that a person does not see: blanks other than the space, controls, zero-width and
 * directional marks, fillers. Pure; any thread.
 */
#ifndef EVENT_SEGMENT_INVISIBLE_H
#define EVENT_SEGMENT_INVISIBLE_H

#include <stdbool.h>

bool code_is_invisible(unsigned code);

#endif
