/* A box that forwards to a central spooler: its name and its key, as the settings have them. Pure;
 * any thread. */
#ifndef CONFIG_FLEET_BOX_H
#define CONFIG_FLEET_BOX_H

#include "base/err.h"
#include "base/slice.h"
#include "event/box_name.h"

#define BOX_KEY_MIN 16 /* characters of a key: a shorter one could be guessed */
#define BOX_KEY_MAX 200

/* Splits "NAME KEY" at its first blanks. A part that is missing is empty. */
void box_split(const char *text, struct slice *ret_name, struct slice *ret_key);
/* ERR_INPUT, without showing the key, unless text is NAME KEY. */
int box_check(const char *text, struct err *e);
/* ERR_INPUT unless text can be a box's key; an empty text passes: the key is not set. */
int box_check_key(const char *text, struct err *e);

#endif
