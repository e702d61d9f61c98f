/*
 * Measures how many events a site received and delivered in a period. It reads backward from the
 * newest rows, and stops after a fixed number of rows at any size of the file.
 */
#include "outbox/read/audit_private.h"
#include "outbox/read/audit_walk.h"

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

/* Finds the first event at or after an id. Returns 1, 0 when there is none, or -1. */
static int
find_event(struct outbox_audit *a, int64_t from, int64_t *ret_id, int64_t *ret_at, struct err *e)
{
	struct stmt_audit_event_from_row row;
	int rc = stmt_audit_event_from(&a->db, from, &row, e);

	if (rc == 1) {
		*ret_id = row.event_id;
		*ret_at = row.received_at;
	}
	return rc;
}

/* Finds, by halving, the smallest id from `low` on that arrived at or after `since`; newest + 1
 * when there is none. */
static int
find_since(struct outbox_audit *a, int64_t low, int64_t newest, int64_t since, int64_t *ret_id,
    struct err *e)
{
	int64_t high = newest + 1, id = 0, at = 0;
	int rc;

	while (low < high) {
		int64_t middle = low + (high - low) / 2;

		rc = find_event(a, middle, &id, &at, e);
		if (rc < 0)
			return -1;
		if (rc == 0 || at >= since)
			high = middle;
		else
			low = id + 1;
	}
	*ret_id = low;
	return 0;
}

static int
count_received(struct outbox_audit *a, int64_t from, int64_t lately, struct audit_rate *rates,
    size_t n, struct err *e)
{
	struct db_rows rows = stmt_audit_sites_from(&a->db, from, e);
	struct stmt_audit_sites_from_row row;
	int rc;

	while ((rc = stmt_audit_sites_from_next(&rows, &row, e)) == 1) {
		struct audit_rate *rate = find_rate(rates, n, row.site_id);

		if (rate == NULL)
			continue;
		rate->received++;
		rate->received_lately += row.event_id >= lately;
	}
	return rc;
}

static int
rate_received(
    struct outbox_audit *a, int64_t now, struct audit_rate *rates, size_t n, struct err *e)
{
	struct audit_newest newest;
	int64_t bound, from, lately, id = 0, at = 0, before_id, before_at, span = AUDIT_RATE_MS;
	int rc;

	if (outbox_audit_newest(a, &newest, e) != 0)
		return -1;
	bound = at_least(newest.event_id - EVENTS_MAX + 1, 1);
	if (find_since(a, bound, newest.event_id, now - AUDIT_RATE_MS, &from, e) != 0
	    || find_since(a, from, newest.event_id, now - AUDIT_RATE_LATELY_MS, &lately, e) != 0)
		return -1;
	rc = find_event(a, from, &id, &at, e);
	if (rc < 0)
		return -1;
	/* When the scan stopped early, or there are no older events, the count covers less than
	 * the whole period. */
	if (rc == 1
	    && (from == bound || find_event(a, 1, &before_id, &before_at, e) != 1
		|| before_id == id))
		span = at_least(now - at, AUDIT_RATE_LATELY_MS);
	for (size_t i = 0; i < n; i++)
		rates[i].received_ms = span;
	return count_received(a, from, lately, rates, n, e);
}

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
