/* Opens the configuration, and the database for reading. */
#ifndef CLI_OPEN_H
#define CLI_OPEN_H

#include <stdint.h>

#include "base/err.h"
#include "cli/options.h"
#include "config/config.h"

struct outbox_audit;

/* Loads the configuration without secrets, for a verb that does not send. Returns 0, or -1 after
 * verb_fail. */
int verb_config(const struct options *o, struct config **ret_config);
/* Also opens the database for reading; the caller frees both. Returns 0, or -1 after verb_fail. */
int verb_open(const struct options *o, struct config **ret_config, struct outbox_audit **ret_audit);
/*
 * The same, but a database that may be damaged is not an error: then *ret_audit is NULL, and
 * ret_damage says what is wrong.
 */
int verb_open_damaged(const struct options *o, struct config **ret_config,
    struct outbox_audit **ret_audit, struct err *ret_damage);
/* Opens both, calls read, closes both. Returns the exit code of read, or VERB_ERROR. */
int verb_read(const struct options *o,
    int (*read)(struct outbox_audit *audit, const struct options *o, const struct config *c));

/* Reads an operand that is an id. Returns 0, or -1 when it is not a positive number. */
int verb_read_id(const char *text, int64_t *ret_id);

#endif
