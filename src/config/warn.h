/* Collects what is wrong with a configuration but does not prevent its use. Main thread. */
#ifndef CONFIG_WARN_H
#define CONFIG_WARN_H

#include "config/config.h"

/* Appends a sentence to c->warning; "; " stands between two. Fails without memory. */
int config_warn(struct config *c, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
