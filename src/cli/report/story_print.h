/* Prints the stories of events (report/story.h) on standard output. One thread. */
#ifndef CLI_REPORT_STORY_PRINT_H
#define CLI_REPORT_STORY_PRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "term/terminal.h"

struct outbox_audit;

struct story_printer {
	bool json;            /* a line of JSON for each moment, not a table */
	bool follows_another; /* a blank line separates the stories */
	struct terminal terminal;
};

void story_printer_init(struct story_printer *p, bool json);
/* Returns 1 after printing, 0 when the event does not exist or was removed, -1 on an error. */
int story_print(struct story_printer *p, struct outbox_audit *audit, int64_t id, struct err *e);

#endif
