/*
 * Measures how many events a site received and delivered in a period: by the counts of complete
 * blocks of events, the events of the other blocks, and the newest attempts. It reads a bounded
 * number of events and attempts at any size of the file.
 */
#include "outbox/read/audit_private.h"
#include "outbox/read/audit_walk.h"
#include "outbox/write/event_block.h"

#define EVENTS_MAX 50000  /* maximum number of events read */
#define ATTEMPTS_MAX 5000 /* maximum number of attempts read */

static struct audit_rate *
find_rate(struct audit_rate *rates, size_t n, int64_t site_id)
{
	for (size_t i = 0; i < n; i++)
		if (rates[i].site_id == site_id)
			return &rates[i];
	return NULL;
}

static int64_t
at_least(int64_t value, int64_t least)
{
	return value > least ? value : least;
}

/* ---- received ------------------------------------------------------------------------------- */

struct received {
	struct outbox_audit *audit;
	int64_t since, lately; /* wall ms */
	struct audit_rate *rates;
	size_t n;
	int64_t read; /* events read so far */
	struct err *e;
};

/* Counts the events of a range of ids by their own times. */
static int
read_events(struct received *r, int64_t first, int64_t last)
{
	const struct stmt_audit_received in = { .first = first, .last = last };
	struct db_rows rows = stmt_audit_received(&r->audit->db, &in, r->e);
	struct stmt_audit_received_row row;
	int rc;

	while ((rc = stmt_audit_received_next(&rows, &row, r->e)) == 1) {
		struct audit_rate *rate = find_rate(r->rates, r->n, row.site_id);

		r->read++;
		if (rate == NULL || row.received_at < r->since)
			continue;
		rate->received++;
		rate->received_lately += row.received_at >= r->lately;
	}
	return rc;
}

/* Counts a block all of whose events came at or after `since`. */
static int
count_block(struct received *r, const struct stmt_audit_blocks_since_row *block)
{
	struct db_rows rows = stmt_audit_block_sites(&r->audit->db, block->block, r->e);
	struct stmt_audit_block_sites_row row;
	int rc;

	while ((rc = stmt_audit_block_sites_next(&rows, &row, r->e)) == 1) {
		struct audit_rate *rate = find_rate(r->rates, r->n, row.site_id);

		if (rate == NULL)
			continue;
		rate->received += row.events;
		if (block->first_received_at >= r->lately)
			rate->received_lately += row.events;
	}
	return rc;
}

static bool
is_whole(const struct received *r, const struct stmt_audit_blocks_since_row *block)
{
	return block->counted && block->first_received_at >= r->since
	       && (block->first_received_at >= r->lately || block->last_received_at < r->lately);
}

/* Goes through the blocks, newest first. ret_from gets the time at which it gave up; 0: it did not.
 */
static int
count_blocks(struct received *r, int64_t *ret_from)
{
	struct db_rows rows = stmt_audit_blocks_since(&r->audit->db, r->since, r->e);
	struct stmt_audit_blocks_since_row block;
	int rc;

	*ret_from = 0;
	while ((rc = stmt_audit_blocks_since_next(&rows, &block, r->e)) == 1) {
		int counted = is_whole(r, &block) ? count_block(r, &block)
						  : read_events(r, event_block_first(block.block),
						      event_block_last(block.block));

		if (counted != 0) {
			db_rows_end(&rows);
			return -1;
		}
		if (r->read > EVENTS_MAX) {
			*ret_from = block.first_received_at;
			break;
		}
	}
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

static int
rate_received(
    struct outbox_audit *a, int64_t now, struct audit_rate *rates, size_t n, struct err *e)
{
	struct received r = {
		.audit = a,
		.since = now - AUDIT_RATE_MS,
		.lately = now - AUDIT_RATE_LATELY_MS,
		.rates = rates,
		.n = n,
		.e = e,
	};
	int64_t open, from, began = 0, span = AUDIT_RATE_MS;

	if (stmt_filter_open_block(&a->db, &open, e) < 0 || read_events(&r, open, INT64_MAX) != 0
	    || count_blocks(&r, &from) != 0 || stmt_audit_began(&a->db, &began, e) < 0)
		return -1;
	/* When the count stopped early, or there are no older events, it covers less than the
	 * whole period. */
	if (from == 0 && began >= r.since)
		from = began;
	if (from > r.since)
		span = at_least(now - from, AUDIT_RATE_LATELY_MS);
	for (size_t i = 0; i < n; i++)
		rates[i].received_ms = span;
	return 0;
}

/* ---- delivered ------------------------------------------------------------------------------ */

static int
rate_delivered(
    struct outbox_audit *a, int64_t now, struct audit_rate *rates, size_t n, struct err *e)
{
	struct db_rows rows = stmt_audit_attempts_back(&a->db, ATTEMPTS_MAX, e);
	struct stmt_audit_attempts_back_row row;
	int64_t oldest = now, span = AUDIT_RATE_MS;
	bool whole = false;
	struct audit_rate *rate;
	int rc;

	while ((rc = stmt_audit_attempts_back_next(&rows, &row, e)) == 1) {
		whole = row.at < now - AUDIT_RATE_MS;
		if (whole)
			break;
		oldest = row.at < oldest ? row.at : oldest;
		rate = find_rate(rates, n, row.site_id);
		if (rate == NULL || !row.delivered)
			continue;
		rate->delivered += row.events;
		rate->lately += row.at >= now - AUDIT_RATE_LATELY_MS ? row.events : 0;
	}
	db_rows_end(&rows);
	if (!whole)
		span = at_least(now - oldest, AUDIT_RATE_LATELY_MS);
	for (size_t i = 0; i < n; i++)
		rates[i].delivered_ms = span;
	return rc < 0 ? -1 : 0;
}

int
outbox_audit_rates(
    struct outbox_audit *a, int64_t now, struct audit_rate *rates, size_t n, struct err *e)
{
	int rc;

	if (db_exec(&a->db, "BEGIN", e) != 0)
		return -1;
	rc = rate_received(a, now, rates, n, e);
	if (rc == 0)
		rc = rate_delivered(a, now, rates, n, e);
	db_rollback(&a->db);
	return rc;
}
