/*
 * Decides when an event is too old. A history is a list of periods in which the wall clock did not
 * jump; each says which proven time belongs to a wall time. A reading continues the last period or
 * begins another one. Time that is proven later is added to all periods that began after it. Pure;
 * cannot fail.
 */
#include "dispatch/age.h"

#include <string.h>

static struct clock_period *
last_of(struct clock_history *h)
{
	return &h->periods[h->n_periods - 1];
}

/* Returns the proven time of the last reading. */
static int64_t
proven(const struct clock_history *h)
{
	return h->seen_at - h->periods[h->n_periods - 1].shift;
}

/* ---- periods -------------------------------------------------------------------------------- */

static void
drop(struct clock_history *h, int64_t i)
{
	memmove(&h->periods[i], &h->periods[i + 1],
	    (size_t)(h->n_periods - i - 1) * sizeof(h->periods[0]));
	h->n_periods--;
}

/*
 * Makes one period of two. Its line is the lower one, so that an event looks younger than it is and
 * never older.
 */
static void
merge(struct clock_history *h, int64_t i)
{
	struct clock_period *a = &h->periods[i], *b = &h->periods[i + 1];

	if (b->start == h->confirmed)
		h->confirmed = 0;
	a->shift = b->shift < a->shift ? b->shift : a->shift;
	a->absence = 0;
	drop(h, i + 1);
}

/* Merges the two periods whose length is the smallest part of their age, so that an event waits
 * longer by a small part of its age. */
static void
make_room(struct clock_history *h)
{
	double least = 0;
	int64_t best = 0;

	for (int64_t i = 0; i + 2 < h->n_periods; i++) {
		int64_t end = h->periods[i + 2].start;
		double part =
		    (double)(end - h->periods[i].start) / (double)(proven(h) - end + AGE_GAP_MS);

		if (i == 0 || part < least) {
			least = part;
			best = i;
		}
	}
	merge(h, best);
}

static void
begin(struct clock_history *h, int64_t start, int64_t shift, int64_t absence)
{
	if (h->n_periods == CLOCK_PERIODS_MAX)
		make_room(h);
	h->periods[h->n_periods++] = (struct clock_period){ start, shift, absence };
}

/* Counts ms as passed before each period from the i-th on. */
static void
prove(struct clock_history *h, int64_t i, int64_t ms)
{
	if (h->confirmed > h->periods[i].start)
		h->confirmed += ms;
	for (; i < h->n_periods; i++) {
		h->periods[i].start += ms;
		h->periods[i].shift -= ms;
	}
}

/* Ends a doubt: the i-th period may continue the one before it. */
static void
join(struct clock_history *h, int64_t i)
{
	if (i > 0 && h->periods[i].shift == h->periods[i - 1].shift)
		drop(h, i);
}

static void
forget_absences(struct clock_history *h)
{
	for (int64_t i = 0; i < h->n_periods; i++)
		h->periods[i].absence = 0;
}

/* ---- a reading ------------------------------------------------------------------------------ */

/* `passed` is certain to have passed since the last reading; `absence` may have, too. */
static void
jump(struct clock_history *h, const struct age_reading *now, int64_t passed, int64_t absence)
{
	int64_t before = proven(h), start = before + (passed > 0 ? passed : 0);
	int64_t shift;

	if (start < h->confirmed)
		start = h->confirmed;
	shift = now->wall - start;
	/* Events that came since the last reading may have a time of the new period. When that
	 * makes them look older, they belong to it. */
	if (shift < last_of(h)->shift)
		start = before > h->confirmed ? before : h->confirmed;
	if (absence == 0)
		forget_absences(h);
	begin(h, start, shift, absence);
}

/* Takes back what may have been stale: the times of the last hour may be those of a machine that
 * was paused. They become a period of their own. */
static void
take_back(struct clock_history *h)
{
	int64_t sure = proven(h) - AGE_STALE_MS, start = last_of(h)->start;

	if (h->confirmed < start || h->confirmed == 0)
		return;
	if (sure <= start) {
		h->confirmed = 0;
		return;
	}
	if (h->confirmed > sure) {
		h->confirmed_wall = sure + last_of(h)->shift;
		h->confirmed = sure;
	}
	begin(h, h->confirmed, last_of(h)->shift, 0);
}

static void
look_within_boot(struct clock_history *h, const struct age_reading *now)
{
	int64_t change = now->wall - now->mono - h->offset;
	int64_t passed = now->mono - (h->seen_at - h->offset);

	if (change <= AGE_JUMP_MS && change >= -AGE_JUMP_MS)
		return;
	take_back(h);
	jump(h, now, passed, 0);
}

static void
look_after_boot(struct clock_history *h, const struct age_reading *now)
{
	int64_t gap = now->wall - h->seen_at;

	if (gap >= -AGE_JUMP_MS && gap <= AGE_GAP_MS)
		return;
	jump(h, now, 0, gap > 0 && gap <= AGE_ABSENCE_MAX_MS ? gap : 0);
}

/* Rule 4. */
static void
believe_absences(struct clock_history *h)
{
	for (int64_t i = h->n_periods - 1; i > 0; i--) {
		struct clock_period *p = &h->periods[i];
		int64_t absence = p->absence;

		if (absence == 0 || h->seen_at - (p->start + p->shift) < absence)
			continue;
		p->absence = 0;
		prove(h, i, absence);
		join(h, i);
	}
}

/* Rule 2. */
static void
confirm(struct clock_history *h)
{
	int64_t unproven = h->seen_at - h->confirmed_wall - (proven(h) - h->confirmed);
	int64_t i = h->n_periods;

	if (h->confirmed != 0 && unproven > 0) {
		while (i > 0 && h->periods[i - 1].start >= h->confirmed)
			h->periods[--i].absence = 0;
		if (i < h->n_periods)
			prove(h, i, unproven);
		join(h, h->n_periods - 1);
	}
	/* Later than the start, so that this period counts as confirmed. */
	h->confirmed = proven(h);
	if (h->confirmed <= last_of(h)->start)
		h->confirmed = last_of(h)->start + 1;
	h->confirmed_wall = h->confirmed + last_of(h)->shift;
}

void
age_look(struct clock_history *h, const struct age_reading *now)
{
	if (h->n_periods == 0)
		begin(h, 0, 0, 0);
	else if (h->boot == now->boot)
		look_within_boot(h, now);
	else
		look_after_boot(h, now);
	h->boot = now->boot;
	h->offset = now->wall - now->mono;
	h->seen_at = now->wall;
	if (now->trust == CLOCK_REFUTED)
		forget_absences(h);
	believe_absences(h);
	if (now->trust == CLOCK_CONFIRMED)
		confirm(h);
}

bool
age_is_unsaved(const struct clock_history *h, const struct clock_history *stored)
{
	int64_t since = h->seen_at - stored->seen_at;

	return h->boot != stored->boot || since >= AGE_STORE_MS || since < 0
	       || h->n_periods != stored->n_periods
	       || (h->confirmed == 0) != (stored->confirmed == 0)
	       || memcmp(h->periods, stored->periods, (size_t)h->n_periods * sizeof(h->periods[0]))
		      != 0;
}

/* ---- limits --------------------------------------------------------------------------------- */

/* An event received at or after the returned time may be younger than max_age_ms, whichever period
 * it came in. */
int64_t
age_limit(const struct clock_history *h, int64_t max_age_ms)
{
	int64_t i = h->n_periods, at, limit;

	if (max_age_ms == 0 || i == 0 || h->seen_at < AGE_FLOOR)
		return AGE_NONE;
	at = proven(h) - max_age_ms;
	while (--i > 0 && h->periods[i].start > at)
		;
	limit = at + h->periods[i].shift;
	while (++i < h->n_periods) {
		int64_t began = h->periods[i].start + h->periods[i].shift;

		limit = began < limit ? began : limit;
	}
	return limit;
}

bool
age_is_over(int64_t limit, int64_t received_at)
{
	return received_at >= AGE_FLOOR && received_at < limit;
}
