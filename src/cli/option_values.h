/* The values of options. Private to options.c. Main thread. */
#ifndef CLI_OPTION_VALUES_H
#define CLI_OPTION_VALUES_H

#include "cli/options.h"

/* text is borrowed; NULL for an option without a value. now is wall ms, for times such as 2h. */
int option_take(struct options *o, enum option_id id, const char *text, int64_t now, struct err *e);

#endif
