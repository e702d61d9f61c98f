/* Stores the note about the clocks: single numbers in `meta`, and one row for each period. */
#include "outbox/write/clocks.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"

/* ---- single numbers ------------------------------------------------------------------------- */

#define NUMBERS 7

static const char *const keys[NUMBERS] = { "clock_boot", "clock_offset", "clock_seen_at",
	"clock_confirmed", "clock_confirmed_wall", "clock_unset_boot", "clock_unset_offset" };

static int
keep_numbers(struct db *db, const struct clock_note *note, struct err *e)
{
	const struct clock_history *h = &note->history;
	const int64_t number[NUMBERS] = { (int64_t)h->boot, h->offset, h->seen_at, h->confirmed,
		h->confirmed_wall, (int64_t)note->unset_boot, note->unset_offset };

	for (int i = 0; i < NUMBERS; i++)
		if (stmt_clock_set(
			db, &(struct stmt_clock_set){ .key = keys[i], .value = number[i] }, e)
		    != 0)
			return -1;
	return 0;
}

static int
read_numbers(struct db *db, struct clock_note *note, struct err *e)
{
	int64_t number[NUMBERS] = { 0 };

	for (int i = 0; i < NUMBERS; i++)
		if (stmt_clock_get(db, keys[i], &number[i], e) < 0)
			return -1;
	note->history.boot = (uint64_t)number[0];
	note->history.offset = number[1];
	note->history.seen_at = number[2];
	note->history.confirmed = number[3];
	note->history.confirmed_wall = number[4];
	note->unset_boot = (uint64_t)number[5];
	note->unset_offset = number[6];
	return 0;
}

/* ---- periods -------------------------------------------------------------------------------- */

static int
keep_periods(struct db *db, const struct clock_history *h, struct err *e)
{
	if (stmt_clock_periods_clear(db, e) != 0)
		return -1;
	for (int64_t i = 0; i < h->n_periods; i++) {
		const struct clock_period *p = &h->periods[i];

		if (stmt_clock_period_add(db,
			&(struct stmt_clock_period_add){ .period = i,
			    .start = p->start,
			    .shift = p->shift,
			    .absence = p->absence },
			e)
		    != 0)
			return -1;
	}
	return 0;
}

static int
read_periods(struct db *db, struct clock_history *h, struct err *e)
{
	while (h->n_periods < CLOCK_PERIODS_MAX) {
		struct stmt_clock_period_get_row row;
		int rc = stmt_clock_period_get(db, h->n_periods, &row, e);

		if (rc != 1)
			return rc;
		h->periods[h->n_periods++] =
		    (struct clock_period){ row.start, row.shift, row.absence };
	}
	return 0;
}

/* ---- the message ---------------------------------------------------------------------------- */

int
clocks_read(struct db *db, struct clock_note *ret_note, struct err *e)
{
	struct clock_note note = { .unset_boot = 0 };

	if (read_numbers(db, &note, e) != 0 || read_periods(db, &note.history, e) != 0)
		return -1;
	*ret_note = note;
	return 0;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	const struct clock_note *note = &((const struct outbox_clock *)msg)->note;

	return keep_numbers(t->db, note, e) == 0 ? keep_periods(t->db, &note->history, e) : -1;
}

const struct message_kind outbox_clock_kind = {
	.name = "clock",
	.apply = apply,
};
