/* The lines of status, top and tail about requests that ingest refused. Main thread. */
#ifndef REPORT_REQUESTS_H
#define REPORT_REQUESTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "outbox/read/audit_intake.h"

struct cJSON;

struct requests_report {
	struct audit_intake hour; /* the last hour, in intervals of ten minutes */
	struct audit_intake day;  /* since midnight UTC */
};

int requests_report_read(
    struct outbox_audit *audit, int64_t now, struct requests_report *ret_report, struct err *e);
/* Appends "12 accepted, 3 refused in the last hour (2 invalid_write_key, 1 not_found)". */
void requests_report_describe(const struct requests_report *r, struct buf *to);
/* Returns the member `requests` of status --json; NULL without memory. */
struct cJSON *requests_report_json(const struct requests_report *r);
/*
 * Whether more than this percentage of the last hour's requests was refused; if so, writes the
 * sentence for status --check. Fewer than REQUESTS_FEW refusals never count; 100 switches the check
 * off.
 */
#define REQUESTS_FEW 10
bool requests_report_problem(const struct requests_report *r, int percent, struct buf *to);

#endif
