/* The boxes of a fleet in the status of their central spooler. One thread. */
#ifndef CLI_REPORT_BOXES_H
#define CLI_REPORT_BOXES_H

#include "cli/report/status.h"
#include "outbox/read/audit_box.h"

/* Prints a table of the boxes; nothing when there is none. */
void boxes_print(const struct status *s, const struct terminal *terminal);
/* Prints how many listed boxes were never seen, after a semicolon; nothing when there is none. */
void boxes_print_unseen(const struct status *s);
/* Returns an array of the boxes. */
struct cJSON *boxes_json(const struct status *s);

#endif
