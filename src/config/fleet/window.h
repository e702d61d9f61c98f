/* A part of the day, such as "22:00-06:00", in local time. Pure; any thread. */
#ifndef CONFIG_FLEET_WINDOW_H
#define CONFIG_FLEET_WINDOW_H

#include "base/err.h"

/* Gives minutes since midnight; both 0 for an empty text, which means the whole day. ERR_INPUT
 * for any other text that is not HH:MM-HH:MM with two different times. */
int window_parse(const char *text, int *ret_from, int *ret_to, struct err *e);
int window_check(const char *text, struct err *e);

#endif
