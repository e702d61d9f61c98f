/*
 * Counts requests by outcome in the table request_count. Each message adds to the ten-minute
 * interval in which it was sent and removes intervals that are older than 30 days. When the clock
 * jumps, the counts only fall into another interval.
 */
#include "outbox/write/requests.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"

int
requests_count(struct db *db, int64_t at, const char *outcome, int64_t requests, struct err *e)
{
	return stmt_requests_add(db,
	    &(struct stmt_requests_add){
		.portion_at = at - at % OUTBOX_REQUESTS_PORTION_MS,
		.outcome = outcome,
		.requests = requests,
	    },
	    e);
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	const struct outbox_requests *r = (const struct outbox_requests *)msg;

	for (size_t i = 0; i < r->n; i++)
		if (requests_count(t->db, r->at, r->counts[i].outcome, r->counts[i].requests, e)
		    != 0)
			return -1;
	return stmt_requests_forget(t->db, r->at - OUTBOX_REQUESTS_KEPT_MS, e);
}

const struct message_kind outbox_requests_kind = {
	.name = "requests",
	.apply = apply,
};
