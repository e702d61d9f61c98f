/*
 * The range of a walk is cut into stages: by the windows in which spans have pending events, or
 * where the sent events end and the pending ones begin. Each stage is cut into portions, by blocks
 * or by the events of an address. Fails on errors of the database and without memory.
 */
#include "outbox/filter/walk.h"

#include <stdlib.h>
#include <string.h>

#include "outbox/file/db.h"

#define KINDS_MAX 256
/* Windows that are so close together are one: reading what lies between them costs less. */
#define WINDOW_GAP EVENT_BLOCK_EVENTS
#define RUN_MAX 1024           /* most blocks of a portion, in the end */
#define ID_MAX (INT64_MAX / 2) /* so that an id can be counted up and down */

static int64_t
lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- how to walk ---------------------------------------------------------------------------- */

/* Of the events in spans only pending ones may match, if any. */
static bool
wants_windows(const struct outbox_filter *f)
{
	return f->statuses != 0 && (f->statuses & (1u << STATUS_DELIVERED)) == 0;
}

static int
read_windows(struct filter_walk *w, struct err *e)
{
	struct db_rows rows = stmt_filter_pending_spans(w->db, e);
	struct stmt_filter_pending_spans_row row;
	int rc;

	while ((rc = stmt_filter_pending_spans_next(&rows, &row, e)) == 1) {
		size_t n = w->n_windows;

		if (n > 0
		    && (n == WALK_WINDOWS
			|| row.first_event_id - w->window[n - 1].last <= WINDOW_GAP)) {
			if (row.last_event_id > w->window[n - 1].last)
				w->window[n - 1].last = row.last_event_id;
			continue;
		}
		w->window[n].first = row.first_event_id;
		w->window[n].last = row.last_event_id;
		w->n_windows++;
	}
	return rc;
}

static int
read_bounds(struct filter_walk *w, struct err *e)
{
	struct stmt_filter_bounds_row row;

	if (stmt_filter_bounds(w->db, &row, e) != 1)
		return -1;
	w->sent_to = row.sent_to;
	w->due_from = row.due_from;
	return 0;
}

static bool
wants_groups(const struct outbox_filter *f)
{
	return f->text[FILTER_NAME] != NULL || f->text[FILTER_SITE] != NULL || f->kinds != 0;
}

static int
choose_way(struct filter_walk *w, struct err *e)
{
	const struct outbox_filter *f = w->f;
	int rc = 0;

	if (f->text[FILTER_MESSAGE_ID] != NULL)
		rc = message_ids_find(w->db, slice_from(f->text[FILTER_MESSAGE_ID]), &w->named, e);
	w->is_named = rc == 1;
	if (rc < 0)
		return -1;
	if (w->is_named || f->n_ids > 0)
		return 0;
	if (stmt_filter_open_block(w->db, &w->open, e) < 0)
		return -1;
	w->by_blocks = f->since != 0 || f->until != 0 || wants_groups(f);
	if (addresses_is_exact(f)) {
		w->search = addresses_begin(w->db, slice_from(f->text[FILTER_EMAIL]), w->open, e);
		return w->search == NULL ? -1 : 0;
	}
	w->has_windows = wants_windows(f);
	if (!w->has_windows)
		return read_bounds(w, e);
	return (f->statuses & (1u << STATUS_PENDING)) != 0 ? read_windows(w, e) : 0;
}

static void
list_kinds(struct filter_walk *w)
{
	buf_append_byte(&w->kinds, ',');
	for (unsigned i = 0; w->f->kinds >> i != 0; i++)
		if (w->f->kinds >> i & 1)
			buf_printf(&w->kinds, "%s,", filter_kind_name(i));
}

int
filter_walk_begin(struct filter_walk *w, struct db *db, const struct outbox_filter *f,
    const struct filter_range *range, struct err *e)
{
	*w = (struct filter_walk){ .db = db, .f = f, .range = *range, .run_max = 1 };
	w->range.low = greater(range->low, 0);
	w->range.high = lesser(range->high, ID_MAX);
	buf_init(&w->kinds, KINDS_MAX);
	list_kinds(w);
	if (w->kinds.failed)
		return err_nomem(e);
	return choose_way(w, e);
}

void
filter_walk_end(struct filter_walk *w)
{
	db_rows_finish(&w->rows);
	message_ids_free(&w->named);
	free(w->search);
	w->search = NULL;
	buf_free(&w->kinds);
}

static bool
is_by_ids(const struct filter_walk *w)
{
	return w->is_named || w->search != NULL;
}

/* ---- stages --------------------------------------------------------------------------------- */

static void
use_windows_up(struct filter_walk *w)
{
	bool inside = false;

	for (size_t i = 0; i < w->n_windows; i++) {
		if (w->window[i].last < w->stage_low)
			continue;
		inside = w->window[i].first <= w->stage_low;
		w->stage_high =
		    lesser(w->stage_high, inside ? w->window[i].last : w->window[i].first - 1);
		break;
	}
	w->stage_parts = WALK_ROWS | (inside ? WALK_DUE : 0);
}

static void
use_windows_down(struct filter_walk *w)
{
	bool inside = false;

	for (size_t i = w->n_windows; i-- > 0;) {
		if (w->window[i].first > w->stage_high)
			continue;
		inside = w->window[i].last >= w->stage_high;
		w->stage_low =
		    greater(w->stage_low, inside ? w->window[i].first : w->window[i].last + 1);
		break;
	}
	w->stage_parts = WALK_ROWS | (inside ? WALK_DUE : 0);
}

static void
use_bounds_up(struct filter_walk *w)
{
	bool sent = w->stage_low <= w->sent_to, due = w->stage_low >= w->due_from;

	if (sent)
		w->stage_high = lesser(w->stage_high, w->sent_to);
	if (!due)
		w->stage_high = lesser(w->stage_high, w->due_from - 1);
	w->stage_parts = WALK_ROWS | (sent ? WALK_SENT : 0) | (due ? WALK_DUE : 0);
}

static void
use_bounds_down(struct filter_walk *w)
{
	bool sent = w->stage_high <= w->sent_to, due = w->stage_high >= w->due_from;

	if (!sent)
		w->stage_low = greater(w->stage_low, w->sent_to + 1);
	if (due)
		w->stage_low = greater(w->stage_low, w->due_from);
	w->stage_parts = WALK_ROWS | (sent ? WALK_SENT : 0) | (due ? WALK_DUE : 0);
}

static void
next_stage(struct filter_walk *w)
{
	w->stage_low = w->range.low;
	w->stage_high = w->range.high;
	w->has_stage = true;
	if (is_by_ids(w) || w->f->n_ids > 0)
		w->stage_parts = WALK_ROWS | WALK_SENT | WALK_DUE;
	else if (w->range.newest && w->has_windows)
		use_windows_down(w);
	else if (w->range.newest)
		use_bounds_down(w);
	else if (w->has_windows)
		use_windows_up(w);
	else
		use_bounds_up(w);
}

/* ---- portions ------------------------------------------------------------------------------- */

/* The blocks of the stage that may have matching events. Rows of both statements are read alike. */
static struct db_rows
select_blocks(struct filter_walk *w, struct err *e)
{
	const struct outbox_filter *f = w->f;
	const struct stmt_filter_blocks up = {
		.low = event_block_of(w->stage_low),
		.high = event_block_of(w->stage_high),
		.since = f->since != 0 ? f->since : INT64_MIN,
		.until = f->until != 0 ? f->until : INT64_MAX,
		.any = !wants_groups(f),
		.kinds = f->kinds != 0 ? buf_slice(&w->kinds) : SLICE_NONE,
		.name =
		    f->text[FILTER_NAME] != NULL ? slice_from(f->text[FILTER_NAME]) : SLICE_NONE,
		.site =
		    f->text[FILTER_SITE] != NULL ? slice_from(f->text[FILTER_SITE]) : SLICE_NONE,
	};
	const struct stmt_filter_blocks_back back = {
		.low = up.low,
		.high = up.high,
		.since = up.since,
		.until = up.until,
		.any = up.any,
		.kinds = up.kinds,
		.name = up.name,
		.site = up.site,
	};

	return w->range.newest ? stmt_filter_blocks_back(w->db, &back, e)
			       : stmt_filter_blocks(w->db, &up, e);
}

/* Finds the next blocks that follow one another. Returns 1, 0 when there is none, or -1. */
static int
find_run(struct filter_walk *w, int64_t *ret_first, int64_t *ret_last, struct err *e)
{
	struct db_rows rows = select_blocks(w, e);
	int64_t step = w->range.newest ? -1 : 1, block, n = 1;
	int rc = stmt_filter_blocks_next(&rows, &block, e);

	if (rc != 1)
		return rc;
	*ret_first = *ret_last = block;
	while (n++ < w->run_max && (rc = stmt_filter_blocks_next(&rows, &block, e)) == 1
	       && block == *ret_last + step)
		*ret_last = block;
	db_rows_end(&rows);
	/* Ever longer: the first portions may have all that the caller wants. */
	if (w->run_max < RUN_MAX)
		w->run_max *= 2;
	return rc < 0 ? -1 : 1;
}

static int
next_blocks_up(struct filter_walk *w, struct err *e)
{
	int64_t first, last;
	int rc = 0;

	w->low = w->stage_low;
	w->high = w->stage_high;
	if (w->low < w->open)
		rc = find_run(w, &first, &last, e);
	if (rc == 1) {
		w->low = greater(w->low, event_block_first(first));
		w->high = lesser(w->high, event_block_last(last));
	} else {
		w->low = greater(w->low, w->open);
	}
	return rc < 0 ? -1 : 0;
}

static int
next_blocks_down(struct filter_walk *w, struct err *e)
{
	int64_t first, last;
	int rc = 0;

	w->low = w->stage_low;
	w->high = w->stage_high;
	if (w->high < w->open) {
		rc = find_run(w, &first, &last, e);
		/* Nothing is left: an empty portion ends the stage. */
		w->low = rc == 1 ? greater(w->low, event_block_first(last)) : w->high + 1;
		w->high = rc == 1 ? lesser(w->high, event_block_last(first)) : w->high;
		if (rc == 0)
			w->stage_high = w->stage_low - 1;
	} else {
		w->low = greater(w->low, w->open);
	}
	return rc < 0 ? -1 : 0;
}

static int
next_of_address(struct filter_walk *w, struct err *e)
{
	struct db_rows blocks = select_blocks(w, e);
	int64_t end;

	if (addresses_next(
		w->search, w->stage_low, w->stage_high, w->range.newest, &blocks, &end, e)
	    != 0)
		return -1;
	w->low = w->range.newest ? end : w->stage_low;
	w->high = w->range.newest ? w->stage_high : end;
	return 0;
}

static void
limit_scan(struct filter_walk *w)
{
	int64_t max = w->range.scan_max;

	if (max == 0 || w->f->n_ids > 0 || w->high - w->low < max)
		return;
	if (w->range.newest)
		w->low = w->high - max + 1;
	else
		w->high = w->low + max - 1;
}

/* Makes the next portion of the stage, which may be empty. */
static int
next_portion(struct filter_walk *w, struct err *e)
{
	int rc = 0;

	w->low = w->stage_low;
	w->high = w->stage_high;
	w->parts = w->stage_parts;
	w->by_ids = is_by_ids(w);
	if (w->search != NULL)
		rc = next_of_address(w, e);
	else if (w->by_blocks && w->parts != WALK_ROWS)
		rc = w->range.newest ? next_blocks_down(w, e) : next_blocks_up(w, e);
	if (rc == 0 && !w->by_ids)
		limit_scan(w);
	return rc;
}

/* What lies before the portion, in the walk's order, is done with. */
static void
pass(struct filter_walk *w)
{
	if (w->range.newest)
		w->stage_high = lesser(w->stage_high, w->low - 1);
	else
		w->stage_low = greater(w->stage_low, w->high + 1);
	w->has_stage = w->stage_low <= w->stage_high;
	if (w->range.newest)
		w->range.high = w->has_stage ? w->stage_high : w->stage_low - 1;
	else
		w->range.low = w->has_stage ? w->stage_low : w->stage_high + 1;
}

/* ---- the requests of a box --------------------------------------------------------------------
 */

/* A few events with a list of ids, and rows of delivery, are read without them. */
static bool
wants_requests(const struct filter_walk *w)
{
	return w->f->text[FILTER_VIA] != NULL && w->parts != WALK_ROWS && !w->by_ids
	       && w->f->n_ids == 0;
}

/* Makes the portion the next part of the rest; the portion is empty when nothing is left. */
static int
next_requests(struct filter_walk *w, struct err *e)
{
	struct via_range part = w->rest;
	int rc = via_ranges_narrow(w->db, slice_from(w->f->text[FILTER_VIA]), w->range.newest,
	    w->run_max * EVENT_BLOCK_EVENTS, &part, e);

	if (rc < 0)
		return -1;
	w->low = part.low;
	w->high = rc == 1 ? part.high : part.low - 1;
	if (rc == 1 && w->range.newest)
		w->rest.high = part.low - 1;
	else if (rc == 1)
		w->rest.low = part.high + 1;
	w->has_rest = rc == 1 && w->rest.low <= w->rest.high;
	if (w->run_max < RUN_MAX)
		w->run_max *= 2;
	return 0;
}

/* ---- the query ------------------------------------------------------------------------------ */

void
filter_walk_sql(const struct filter_walk *w, struct buf *sql)
{
	filter_sql(w->f, sql);
	/* SQLite looks at the parts once, before it reads any event of a part. */
	buf_append_literal(sql, " AND d.event_id <= :high AND :parts >> d.part & 1");
	if (is_by_ids(w))
		buf_append_literal(
		    sql, " AND d.event_id IN (SELECT value FROM json_each(:portion))");
}

static void
bind_ids(struct filter_walk *w, struct err *e)
{
	const int64_t *ids = w->search != NULL ? w->search->ids : w->named.ids;
	size_t n = w->search != NULL ? w->search->n : w->named.n;

	filter_bind_ids(&w->rows, ":portion", ids, n, e);
}

static int
bind_portion(struct filter_walk *w, struct err *e)
{
	if (!w->is_bound) {
		db_rows_keep(&w->rows);
		filter_bind(w->f, &w->rows, w->low, e);
		w->is_bound = true;
	}
	db_rows_again(&w->rows);
	db_bind_int_as(&w->rows, ":low", w->low, e);
	db_bind_int_as(&w->rows, ":high", w->high, e);
	db_bind_int_as(&w->rows, ":parts", w->parts, e);
	if (w->by_ids)
		bind_ids(w, e);
	return w->rows.failed ? -1 : 1;
}

static int
take_portion(struct filter_walk *w, struct err *e)
{
	if (!w->has_stage)
		next_stage(w);
	if (next_portion(w, e) != 0)
		return -1;
	pass(w);
	w->has_rest = wants_requests(w) && w->low <= w->high;
	w->rest = (struct via_range){ w->low, w->high };
	return 0;
}

int
filter_walk_next(struct filter_walk *w, struct err *e)
{
	if (w->rows.failed)
		return -1;
	while (w->has_rest || w->has_stage || w->range.low <= w->range.high) {
		if (!w->has_rest && take_portion(w, e) != 0)
			return -1;
		if (w->has_rest && next_requests(w, e) != 0)
			return -1;
		if (w->low <= w->high)
			return bind_portion(w, e);
	}
	return 0;
}
