/*
 * Attempts: a row for each request, its members (spans.c), its end, and the effect of the end on
 * members and site. An attempt cannot begin when one of its events is no longer pending, and cannot
 * end twice.
 */
#include "outbox/write/attempts.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"
#include "outbox/meters.h"
#include "outbox/write/spans.h"

static int
note_mapping(struct db *db, struct slice settings, int64_t *ret_id, struct err *e)
{
	int rc = stmt_mapping_id(db, settings, ret_id, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (stmt_mapping_add(db, settings, e) != 0)
		return -1;
	*ret_id = db_last_id(db);
	return 0;
}

static int
add_attempt(struct db *db, struct outbox_attempt_begin *begin, struct err *e)
{
	int64_t mapping_id = 0;

	if (note_mapping(db, begin->mapping, &mapping_id, e) != 0
	    || stmt_attempt_add(db,
		   &(struct stmt_attempt_add){
		       .site_id = begin->site_id,
		       .mapping_id = mapping_id,
		       .started_at = begin->started_at,
		       .events = (int64_t)begin->n_events,
		       .bytes = (int64_t)begin->n_bytes,
		       .sent_bytes =
			   db_int_if(begin->n_sent_bytes != 0, (int64_t)begin->n_sent_bytes),
		       .first_event_id = begin->event_ids[0],
		       .last_event_id = begin->event_ids[begin->n_events - 1],
		       .endpoint = bento_endpoint_name(begin->endpoint),
		   },
		   e)
		   != 0)
		return -1;
	begin->attempt_id = db_last_id(db);
	return 0;
}

/*
 * Refuses the attempt when an operator has changed one of its events since the batch was read.
 */
static int
begin_attempt(struct db *db, struct outbox_attempt_begin *begin, struct err *e)
{
	struct spans_taking members = {
		.db = db,
		.site_id = begin->site_id,
		.ids = begin->event_ids,
		.n = begin->n_events,
	};
	int rc = spans_check(&members, e);

	if (rc == 0)
		rc = add_attempt(db, begin, e);
	if (rc == 0)
		rc = spans_take(&members, begin->attempt_id, e);
	spans_free(&members);
	return rc;
}

static int
write_end(struct db *db, const struct outbox_attempt_end *end, struct err *e)
{
	const struct stmt_attempt_end in = {
		.attempt_id = end->attempt_id,
		.finished_at = end->finished_at,
		.duration_ms = end->duration_ms,
		.http_status = db_int_if(end->http_status != 0, end->http_status),
		.outcome = outcome_name(end->outcome),
		.error = end->error,
		.response = end->response,
	};

	if (stmt_attempt_end(db, &in, e) != 0)
		return -1;
	if (db_changes(db) == 0)
		return err_set(
		    e, ERR_STATE, "attempt %lld already has an end", (long long)end->attempt_id);
	return 0;
}

static int
deliver_members(struct db *db, const struct outbox_attempt_end *end, struct err *e)
{
	if (stmt_members_delivered(db,
		&(struct stmt_members_delivered){
		    .attempt_id = end->attempt_id, .settled_at = end->finished_at },
		e)
	    != 0)
		return -1;
	return spans_count_delivered(db, end->site_id, end->attempt_id, (int64_t)end->n_events, e);
}

static int
update_members(struct db *db, const struct outbox_attempt_end *end, struct err *e)
{
	bool settled = end->status != STATUS_PENDING;

	if (spans_leave(db, end->site_id, end->attempt_id, e) != 0)
		return -1;
	return stmt_members_attempted(db,
	    &(struct stmt_members_attempted){
		.attempt_id = end->attempt_id,
		.maybe_sent = end->maybe_sent,
		.charge = end->charge,
		.status = status_name(end->status),
		.reason = end->reason,
		.settled_at = db_int_if(settled, end->finished_at),
		.next_attempt_at = settled ? 0 : end->next_attempt_at,
		.max_batch = db_int_if(end->max_batch != 0, end->max_batch),
	    },
	    e);
}

static int
finish_attempt(struct db *db, const struct outbox_attempt_end *end, struct err *e)
{
	if (write_end(db, end, e) != 0)
		return -1;
	if (end->status == STATUS_DELIVERED) {
		if (deliver_members(db, end, e) != 0)
			return -1;
	} else if (update_members(db, end, e) != 0) {
		return -1;
	}
	return sites_set_state(db, end->site_id, &end->site, true, end->finished_at, e);
}

int
attempts_recover(
    struct db *db, struct meters *m, int64_t now, int64_t *ret_recovered, struct err *e)
{
	struct stmt_attempt_open_row row;
	int64_t n = 0;
	int rc;

	while ((rc = stmt_attempt_open(db, &row, e)) == 1) {
		if (spans_leave(db, row.site_id, row.attempt_id, e) != 0
		    || stmt_members_cut_off(db, row.attempt_id, e) != 0)
			return -1;
		meters_add(&meters_site(m, row.site_id)->maybe_sent, (uint64_t)db_changes(db));
		if (stmt_attempt_cut_off(db,
			&(struct stmt_attempt_cut_off){
			    .attempt_id = row.attempt_id, .finished_at = now },
			e)
		    != 0)
			return -1;
		n++;
	}
	*ret_recovered = n;
	return rc;
}

/* ---- the messages --------------------------------------------------------------------------- */

static int
apply_begin(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	if (begin_attempt(t->db, (struct outbox_attempt_begin *)msg, e) != 0)
		return -1;
	t->counts.attempts++;
	return 0;
}

static int
apply_end(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	const struct outbox_attempt_end *end = (const struct outbox_attempt_end *)msg;

	if (finish_attempt(t->db, end, e) != 0)
		return -1;
	if (end->status == STATUS_DELIVERED)
		t->counts.delivered += end->n_events;
	tally_note(&t->finished, end->site_id, end->status, end->reason, end->n_events);
	return 0;
}

static void
meter_end(struct meters *m, const struct outbox_msg *msg)
{
	const struct outbox_attempt_end *end = (const struct outbox_attempt_end *)msg;
	struct meters_site *site = meters_site(m, end->site_id);

	meters_add(&site->attempts[end->endpoint][end->outcome], 1);
	histogram_add(&m->attempt, &meters_attempt_bounds, end->duration_ms * 1000);
	if (end->maybe_sent)
		meters_add(&site->maybe_sent, end->n_events);
	if (end->status != STATUS_DELIVERED || end->received == NULL)
		return;
	for (size_t i = 0; i < end->n_events; i++)
		histogram_add(&m->delivery, &meters_delivery_bounds,
		    (end->finished_at - end->received[i]) * 1000);
}

const struct message_kind outbox_attempt_begin_kind = {
	.name = "attempt begin",
	.apply = apply_begin,
	.events_at = offsetof(struct outbox_attempt_begin, n_events),
	.space = SPACE_WORK,
};

const struct message_kind outbox_attempt_end_kind = {
	.name = "attempt end",
	.apply = apply_end,
	.meter = meter_end,
	.events_at = offsetof(struct outbox_attempt_end, n_events),
};
