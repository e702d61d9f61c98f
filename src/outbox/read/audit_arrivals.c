/*
 * Visits events by arrival, for counts by age. Pending events in spans are counted by the complete
 * blocks of events (outbox/write/event_block.h): a block whose events are all of one age is visited
 * as a few groups of site, kind and name. Other blocks, and other filters, are read event by event.
 * Fails on errors of the database.
 */
#include "outbox/read/audit_private.h"
#include "outbox/read/audit_walk.h"
#include "outbox/write/event_block.h"

struct visit {
	struct outbox_audit *audit;
	const struct outbox_filter *f;
	bool (*alike)(void *arg, int64_t first_at, int64_t last_at);
	void (*each)(void *arg, const struct audit_arrival *arrival);
	void *arg;
	struct err *e;
};

/* ---- event by event ------------------------------------------------------------------------- */

static void
visit_event(const struct visit *v, const struct stmt_audit_arrivals_row *row, int64_t events)
{
	const struct audit_arrival arrival = {
		.name = row->name,
		.kind = row->kind,
		.received_at = row->received_at,
		.events = events,
	};

	v->each(v->arg, &arrival);
}

/* Visits the matching events; with `in_delivery` only those that have a row in delivery. */
static int
visit_matching(const struct visit *v, bool in_delivery)
{
	const struct filter_range all = { .high = INT64_MAX };
	struct stmt_audit_arrivals_row row;
	struct filter_walk walk;
	struct buf sql;
	int rc = filter_walk_begin(&walk, &v->audit->db, v->f, &all, v->e);

	if (rc == 0) {
		buf_init(&sql, FILTER_SQL_MAX);
		filter_walk_sql(&walk, &sql);
		if (in_delivery)
			buf_append_literal(&sql, " AND d.part = 0");
		walk.rows = stmt_audit_arrivals(&v->audit->db, &sql, v->e);
		while ((rc = filter_walk_next(&walk, v->e)) == 1)
			while (stmt_audit_arrivals_next(&walk.rows, &row, v->e) == 1)
				visit_event(v, &row, 1);
	}
	filter_walk_end(&walk);
	return rc;
}

/* ---- pending events in spans ----------------------------------------------------------------- */

static int
visit_range(const struct visit *v, int64_t site_id, int64_t first, int64_t last)
{
	const struct stmt_audit_span_arrivals in = {
		.site_id = site_id, .first = first, .last = last
	};
	struct stmt_audit_span_arrivals_row row;
	struct db_rows rows;
	int rc;

	if (first > last)
		return 0;
	rows = stmt_audit_span_arrivals(&v->audit->db, &in, v->e);
	while ((rc = stmt_audit_span_arrivals_next(&rows, &row, v->e)) == 1) {
		const struct stmt_audit_arrivals_row event = { row.name, row.kind,
			row.received_at };

		visit_event(v, &event, 1);
	}
	return rc;
}

/* Takes back the events of a counted block that have a row in delivery. */
static int
except(const struct visit *v, int64_t site_id, int64_t block)
{
	const struct stmt_audit_excepted_arrivals in = {
		.site_id = site_id,
		.first = event_block_first(block),
		.last = event_block_last(block),
	};
	struct db_rows rows = stmt_audit_excepted_arrivals(&v->audit->db, &in, v->e);
	struct stmt_audit_excepted_arrivals_row row;
	int rc;

	while ((rc = stmt_audit_excepted_arrivals_next(&rows, &row, v->e)) == 1) {
		const struct stmt_audit_arrivals_row event = { row.name, row.kind,
			row.received_at };

		visit_event(v, &event, -1);
	}
	return rc;
}

static int
visit_block(const struct visit *v, int64_t site_id, const struct stmt_audit_blocks_row *block)
{
	const struct stmt_audit_block_counts in = { .block = block->block, .site_id = site_id };
	struct db_rows rows = stmt_audit_block_counts(&v->audit->db, &in, v->e);
	struct stmt_audit_block_counts_row row;
	int rc;

	while ((rc = stmt_audit_block_counts_next(&rows, &row, v->e)) == 1) {
		const struct stmt_audit_arrivals_row group = { row.name, row.kind,
			block->last_received_at };

		visit_event(v, &group, row.events);
	}
	return rc < 0 ? -1 : except(v, site_id, block->block);
}

/* A span has all events of its site in a block that it contains, but for those in delivery. */
static int
visit_span(const struct visit *v, const struct stmt_audit_pending_spans_row *span)
{
	const struct stmt_audit_blocks in = {
		.low = event_block_of(span->first_event_id + EVENT_BLOCK_EVENTS - 1),
		.high = event_block_of(span->last_event_id + 1) - 1,
	};
	struct db_rows rows = stmt_audit_blocks(&v->audit->db, &in, v->e);
	struct stmt_audit_blocks_row block;
	int64_t from = span->first_event_id;
	int rc;

	while ((rc = stmt_audit_blocks_next(&rows, &block, v->e)) == 1) {
		if (!block.counted
		    || !v->alike(v->arg, block.first_received_at, block.last_received_at))
			continue;
		if (visit_range(v, span->site_id, from, event_block_first(block.block) - 1) != 0
		    || visit_block(v, span->site_id, &block) != 0) {
			db_rows_end(&rows);
			return -1;
		}
		from = event_block_last(block.block) + 1;
	}
	return rc < 0 ? -1 : visit_range(v, span->site_id, from, span->last_event_id);
}

static int
visit_spans(const struct visit *v)
{
	const char *site = v->f->text[FILTER_SITE];
	struct db_rows rows = stmt_audit_pending_spans(
	    &v->audit->db, site != NULL ? slice_from(site) : SLICE_NONE, v->e);
	struct stmt_audit_pending_spans_row span;
	int rc;

	while ((rc = stmt_audit_pending_spans_next(&rows, &span, v->e)) == 1)
		if (visit_span(v, &span) != 0) {
			db_rows_end(&rows);
			return -1;
		}
	return rc;
}

/* ---- both ----------------------------------------------------------------------------------- */

/* Whether the filter selects pending events, by no other criterion than the site. */
static bool
is_simple(const struct outbox_filter *f)
{
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (f->text[i] != NULL && i != FILTER_SITE)
			return false;
	return f->statuses == 1u << STATUS_PENDING && f->n_ids == 0 && f->kinds == 0
	       && f->since == 0 && f->until == 0 && f->http_status == 0;
}

int
outbox_audit_arrivals(struct outbox_audit *a, const struct outbox_filter *f,
    bool (*alike)(void *arg, int64_t first_at, int64_t last_at),
    void (*each)(void *arg, const struct audit_arrival *arrival), void *arg, struct err *e)
{
	const struct visit visit = {
		.audit = a, .f = f, .alike = alike, .each = each, .arg = arg, .e = e
	};
	bool simple = is_simple(f);
	int rc;

	/* One transaction, so that blocks, spans and events belong together. */
	if (db_exec(&a->db, "BEGIN", e) != 0)
		return -1;
	rc = visit_matching(&visit, simple);
	if (rc == 0 && simple)
		rc = visit_spans(&visit);
	db_rollback(&a->db);
	return rc;
}
