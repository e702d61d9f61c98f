/* What verbs print: results on standard output, errors on standard error; and the exit codes. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum verb_exit { VERB_DONE = 0, VERB_ERROR = 1, VERB_USAGE = 2, VERB_NOTHING = 3 };

/* Prints "bentospool: TEXT" on standard error; returns VERB_ERROR. */
int verb_fail(const struct err *e);
/* Whether verb_fail has already reported that standard output failed. */
bool verb_output_reported(void);
/* Reports a wrong command line and how to correct it; returns VERB_USAGE. */
int verb_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Reports that no event matches; returns VERB_NOTHING. */
int verb_no_match(void);

struct cJSON;
/* Prints an object as one line and frees it. -1 for NULL, and when out of memory. */
int verb_print_json(struct cJSON *object);
/* Prints a text and empties it. ERR_NOMEM when the text is incomplete. */
int verb_print_text(struct buf *text, struct err *e);

#endif
