/*
 * Extends spans as events arrive, and counts the events; cuts spans where an attempt takes events,
 * and replaces them by rows in delivery when events leave the normal way. A part of a span without
 * an event on the normal way is removed, because a search for due events would read it in vain.
 * Fails as spans.h says.
 */
#include "outbox/write/spans.h"

#include <stdlib.h>

#include "event/kind.h"
#include "outbox/file/db.h"

/* ---- events that arrive ---------------------------------------------------------------------- */

static int
put_span(
    struct db *db, int64_t site_id, int64_t first, int64_t last, int64_t attempt_id, struct err *e)
{
	return stmt_span_put(db,
	    &(struct stmt_span_put){
		.site_id = site_id,
		.first_event_id = first,
		.last_event_id = last,
		.attempt_id = db_int_if(attempt_id != 0, attempt_id),
	    },
	    e);
}

static int
count(struct db *db, int64_t site_id, enum event_status status, int64_t added, struct err *e)
{
	return stmt_site_count_add(db,
	    &(struct stmt_site_count_add){
		.site_id = site_id, .status = status_name(status), .added = added },
	    e);
}

static int
write_open(struct spans *s, struct span_open *open, struct err *e)
{
	if (!open->changed)
		return 0;
	open->changed = false;
	if (stmt_span_extend(s->db,
		&(struct stmt_span_extend){
		    .site_id = open->site_id,
		    .first_event_id = open->first,
		    .last_event_id = open->last,
		},
		e)
	    != 0)
		return -1;
	return db_changes(s->db) > 0
		   ? 0
		   : put_span(s->db, open->site_id, open->first, open->last, 0, e);
}

/*
 * Returns the site's place in `open`. A new place gets the site's newest span from the file when no
 * attempt took that span; otherwise it is empty (last = 0).
 */
static struct span_open *
find_open(struct spans *s, int64_t site_id, struct err *e)
{
	struct stmt_span_newest_row row;
	struct span_open *open;
	int rc;

	for (size_t i = 0; i < s->n; i++)
		if (s->open[i].site_id == site_id)
			return &s->open[i];
	if (s->n < SPANS_OPEN) {
		open = &s->open[s->n];
	} else {
		open = &s->open[s->next];
		s->next = (s->next + 1) % SPANS_OPEN;
		if (write_open(s, open, e) != 0)
			return NULL;
		s->open_has_all = s->open_has_all && open->added == 0;
	}
	rc = stmt_span_newest(s->db, site_id, &row, e);
	if (rc < 0)
		return NULL;
	*open = (struct span_open){ .site_id = site_id };
	if (rc == 1 && row.attempt_id == 0) {
		open->first = row.first_event_id;
		open->last = row.last_event_id;
	}
	if (s->n < SPANS_OPEN)
		s->n++;
	return open;
}

int
spans_add(struct spans *s, int64_t site_id, int64_t event_id, struct err *e)
{
	struct span_open *open = find_open(s, site_id, e);

	if (open == NULL)
		return -1;
	open->added++;
	s->added++;
	if (event_id <= open->last)
		return 0;
	if (open->last == 0 || event_id - open->last > SPAN_GAP) {
		if (write_open(s, open, e) != 0)
			return -1;
		open->first = event_id;
	}
	open->last = event_id + SPAN_GAP;
	open->changed = true;
	return 0;
}

int
spans_count_arrivals(struct db *db, struct err *e)
{
	return stmt_count_arrivals(db, e) != 0 ? -1 : stmt_count_done(db, e);
}

static int
count_sum(struct spans *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->open[i].added > 0
		    && count(s->db, s->open[i].site_id, STATUS_PENDING, s->open[i].added, e) != 0)
			return -1;
	return stmt_count_done(s->db, e);
}

static int
count_added(struct spans *s, struct err *e)
{
	if (s->open_has_all && s->added == 0)
		return 0;
	if ((s->open_has_all ? count_sum(s, e) : spans_count_arrivals(s->db, e)) != 0)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		s->open[i].added = 0;
	s->added = 0;
	s->open_has_all = true;
	return 0;
}

int
spans_write(struct spans *s, bool flush, struct err *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (write_open(s, &s->open[i], e) != 0)
			return -1;
	if ((flush || !s->open_has_all || s->added >= SPANS_COUNT_AT) && count_added(s, e) != 0)
		return -1;
	if (flush)
		s->n = s->next = 0;
	return 0;
}

void
spans_forget(struct spans *s)
{
	s->n = s->next = 0;
	s->open_has_all = false;
}

/* ---- what an attempt takes ------------------------------------------------------------------- */

static int
not_pending(int64_t event_id, struct err *e)
{
	return err_set(e, ERR_STATE, "event %lld is not pending any more", (long long)event_id);
}

/* Marks the ids in [i, end) that have a row in delivery. These ids are close together. */
static int
find_excepted(struct spans_taking *m, size_t i, size_t end, struct err *e)
{
	struct db_rows rows = stmt_members_excepted(m->db,
	    &(struct stmt_members_excepted){
		.first_event_id = m->ids[i], .last_event_id = m->ids[end - 1] },
	    e);
	struct stmt_members_excepted_row row;
	int rc;

	while ((rc = stmt_members_excepted_next(&rows, &row, e)) == 1) {
		while (i < end && m->ids[i] < row.event_id)
			i++;
		if (i == end || m->ids[i] != row.event_id)
			continue;
		if (!SLICE_IS(row.status, "pending")) {
			db_rows_end(&rows);
			return not_pending(m->ids[i], e);
		}
		m->excepted[i] = true;
	}
	return rc;
}

static int
find_all_excepted(struct spans_taking *m, struct err *e)
{
	size_t end;

	for (size_t i = 0; i < m->n; i = end) {
		end = i + 1;
		while (end < m->n && m->ids[end] - m->ids[end - 1] <= SPAN_GAP)
			end++;
		if (find_excepted(m, i, end, e) != 0)
			return -1;
	}
	return 0;
}

static int
has_event(struct db *db, int64_t site_id, int64_t first, int64_t last, struct err *e)
{
	if (first > last)
		return 0;
	return stmt_span_has_event(db,
	    &(struct stmt_span_has_event){
		.site_id = site_id, .first_event_id = first, .last_event_id = last },
	    e);
}

/* Begins a run with this id, in the span that contains the id. */
static int
begin_run(struct spans_taking *m, int64_t id, struct err *e)
{
	struct stmt_span_at_row row;
	int rc = stmt_span_at(
	    m->db, &(struct stmt_span_at){ .site_id = m->site_id, .event_id = id }, &row, e);

	if (rc < 0)
		return -1;
	if (rc == 0 || row.last_event_id < id || row.attempt_id != 0)
		return not_pending(id, e);
	m->runs[m->n_runs++] = (struct spans_run){
		.first = id,
		.last = id,
		.span_first = row.first_event_id,
		.span_last = row.last_event_id,
	};
	return 0;
}

static int
add_to_runs(struct spans_taking *m, int64_t id, struct err *e)
{
	struct spans_run *run;
	int rc;

	if (m->n_runs == 0 || id > m->runs[m->n_runs - 1].span_last)
		return begin_run(m, id, e);
	run = &m->runs[m->n_runs - 1];
	rc = has_event(m->db, m->site_id, run->last + 1, id - 1, e);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		run->last = id;
		return 0;
	}
	m->runs[m->n_runs] = *run;
	m->runs[m->n_runs].first = m->runs[m->n_runs].last = id;
	m->n_runs++;
	return 0;
}

int
spans_check(struct spans_taking *m, struct err *e)
{
	m->excepted = calloc(m->n, sizeof(*m->excepted));
	m->runs = calloc(m->n, sizeof(*m->runs));
	m->n_runs = 0;
	if (m->excepted == NULL || m->runs == NULL)
		return err_nomem(e);
	if (find_all_excepted(m, e) != 0)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if (!m->excepted[i] && add_to_runs(m, m->ids[i], e) != 0)
			return -1;
	return 0;
}

void
spans_free(struct spans_taking *m)
{
	free(m->excepted);
	free(m->runs);
	m->excepted = NULL;
	m->runs = NULL;
}

/* Keeps the rest of a span, before a run or after the last run, if it has an event on the normal
 * way. */
static int
keep_rest(const struct spans_taking *m, int64_t first, int64_t last, struct err *e)
{
	int rc = has_event(m->db, m->site_id, first, last, e);

	return rc == 1 ? put_span(m->db, m->site_id, first, last, 0, e) : rc;
}

/* Cuts one span; returns the first run of the next one, or NULL after an error. */
static const struct spans_run *
cut_span(
    const struct spans_taking *m, const struct spans_run *run, int64_t attempt_id, struct err *e)
{
	const struct spans_run *end = m->runs + m->n_runs;
	int64_t span_first = run->span_first, span_last = run->span_last, at = span_first;

	if (run->first > span_first
	    && stmt_span_drop(m->db,
		   &(struct stmt_span_drop){ .site_id = m->site_id, .first_event_id = span_first },
		   e)
		   != 0)
		return NULL;
	for (; run < end && run->span_first == span_first; run++) {
		if (keep_rest(m, at, run->first - 1, e) != 0
		    || put_span(m->db, m->site_id, run->first, run->last, attempt_id, e) != 0)
			return NULL;
		at = run->last + 1;
	}
	return keep_rest(m, at, span_last, e) == 0 ? run : NULL;
}

int
spans_take(const struct spans_taking *m, int64_t attempt_id, struct err *e)
{
	const struct spans_run *run = m->runs, *end = m->runs + m->n_runs;

	while (run != NULL && run < end)
		run = cut_span(m, run, attempt_id, e);
	if (run == NULL)
		return -1;
	for (size_t i = 0; i < m->n; i++)
		if (m->excepted[i]
		    && stmt_member_add(m->db,
			   &(struct stmt_member_add){
			       .event_id = m->ids[i], .attempt_id = attempt_id },
			   e)
			   != 0)
			return -1;
	return 0;
}

int
spans_leave(struct db *db, int64_t site_id, int64_t attempt_id, struct err *e)
{
	if (stmt_members_leave(db, attempt_id, e) != 0
	    || stmt_members_get_rows(db, attempt_id, e) != 0
	    || count(db, site_id, STATUS_PENDING, -db_changes(db), e) != 0)
		return -1;
	return stmt_members_leave_spans(db, attempt_id, e);
}

int
spans_count_delivered(
    struct db *db, int64_t site_id, int64_t attempt_id, int64_t events, struct err *e)
{
	int64_t excepted;

	if (stmt_members_count_excepted(db, attempt_id, &excepted, e) != 1
	    || count(db, site_id, STATUS_PENDING, excepted - events, e) != 0)
		return -1;
	return count(db, site_id, STATUS_DELIVERED, events - excepted, e);
}

/* ---- one event ------------------------------------------------------------------------------- */

/*
 * Shortens a span that no attempt took, after its event got a row, when no earlier event of the
 * span is left, and removes it when no later one is.
 */
static int
shorten(struct db *db, int64_t site_id, int64_t event_id, const struct stmt_span_at_row *span,
    struct err *e)
{
	int rc = has_event(db, site_id, span->first_event_id, event_id, e);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (stmt_span_drop(db,
		&(struct stmt_span_drop){
		    .site_id = site_id, .first_event_id = span->first_event_id },
		e)
	    != 0)
		return -1;
	rc = has_event(db, site_id, event_id + 1, span->last_event_id, e);
	return rc == 1 ? put_span(db, site_id, event_id + 1, span->last_event_id, 0, e) : rc;
}

int
spans_leave_one(struct db *db, int64_t event_id, struct err *e)
{
	struct stmt_event_place_row place;
	struct stmt_span_at_row span;
	bool in_span;
	int rc = stmt_event_place(db, event_id, &place, e);

	if (rc != 1 || place.excepted)
		return rc < 0 ? -1 : 0;
	rc = stmt_span_at(
	    db, &(struct stmt_span_at){ .site_id = place.site_id, .event_id = event_id }, &span, e);
	in_span = rc == 1 && span.last_event_id >= event_id;
	if (rc < 0
	    || stmt_event_get_row(db,
		   &(struct stmt_event_get_row){
		       .event_id = event_id, .attempt_id = in_span ? span.attempt_id : 0 },
		   e)
		   != 0
	    || stmt_event_uncount(db, event_id, e) != 0)
		return -1;
	if (!in_span)
		return 0;
	if (span.attempt_id == 0)
		return shorten(db, place.site_id, event_id, &span, e);
	return stmt_member_add(db,
	    &(struct stmt_member_add){ .event_id = event_id, .attempt_id = span.attempt_id }, e);
}
