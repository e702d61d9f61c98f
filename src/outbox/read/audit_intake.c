/* Adds up the requests of a period by outcome: it reads a range of the small table
 * request_count. */
#include "outbox/read/audit_intake.h"

#include <stdio.h>

#include "outbox/file/db.h"
#include "outbox/read/audit_private.h"
#include "outbox/write/requests.h"

static void
add(struct audit_intake *r, struct slice outcome, int64_t requests)
{
	if (SLICE_IS(outcome, OUTBOX_REQUESTS_ACCEPTED)) {
		r->accepted = requests;
	} else if (SLICE_IS(outcome, OUTBOX_REQUESTS_REUSED)) {
		r->reused = requests;
	} else {
		r->refused += requests;
		if (r->n_reasons == AUDIT_OUTCOMES)
			return;
		snprintf(r->reasons[r->n_reasons].reason, AUDIT_OUTCOME_SIZE, "%.*s",
		    (int)outcome.n, outcome.p);
		r->reasons[r->n_reasons++].requests = requests;
	}
}

int
outbox_audit_intake(
    struct outbox_audit *a, int64_t since, struct audit_intake *ret_requests, struct err *e)
{
	struct stmt_audit_intake_row row;
	struct db_rows rows =
	    stmt_audit_intake(&a->db, since - since % OUTBOX_REQUESTS_PORTION_MS, e);
	int rc;

	*ret_requests = (struct audit_intake){ 0 };
	while ((rc = stmt_audit_intake_next(&rows, &row, e)) == 1)
		add(ret_requests, row.outcome, row.requests);
	return rc;
}
