/* Prints everything that happened to one event, in order of time. One thread. */
#ifndef CLI_REPORT_STORY_H
#define CLI_REPORT_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct outbox_audit;
struct story;

/* json: a line of JSON for each moment, not a table. NULL when out of memory. */
struct story *story_new(bool json);
void story_free(struct story *s); /* NULL is fine */
/* Returns 1 after printing, 0 when the event does not exist or was removed, -1 on an error. */
int story_print(struct story *s, struct outbox_audit *audit, int64_t id, struct err *e);

#endif
