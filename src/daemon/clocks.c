/*
 * The clock that the daemon uses, and the note about it that the next process needs. Storing a note
 * can fail.
 *
 * Normal path: the machine's wall clock is used. A machine without a battery shows 1970, or a date
 * of its last run, until NTP sets the clock. Such a clock is not trusted: never while it shows a
 * time before CLOCK_FLOOR, and, after a reboot, not for the first hour while it is behind the
 * latest time in the outbox. An estimate replaces it: the newest known time, continued by
 * CLOCK_BOOTTIME. The estimate is never ahead of the real time, and never behind a stored time.
 * Events are then stored with a mark (`provisional`), and nothing is sent.
 *
 * Once the machine's clock is trusted, the error of the estimate is known, and the times of the
 * marked events are corrected by that error (jobs/corrections). Then delivery continues. After a
 * restart in the same boot the estimate continues from the stored offset, so that the correction
 * stays exact. After a reboot, the unknown time between the last stored time and the reboot counts
 * as zero.
 *
 * One note is with the writer at a time; a note that could not be stored is replaced by the next.
 */
#include "daemon/clocks.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/jobs/corrections.h"
#include "term/when.h"

enum clocks_state {
	CLOCKS_SET,
	CLOCKS_UNSET,
	CLOCKS_CORRECTING, /* the clock is set, and the marked events are being corrected */
};

struct clocks {
	struct outbox *outbox;
	const struct clock *system;
	struct clock clock;  /* given to others */
	atomic_bool doubted; /* whether the estimate is used instead of the wall clock */
	/* the estimate is mono + offset; kept up to date while the clock is set */
	atomic_int_least64_t offset;
	enum clocks_state state;
	int64_t started_ms; /* mono */
	/* a wall clock before this time is not trusted for an hour; 0: none */
	int64_t behind_before;
	int64_t unset_offset; /* the offset that marks the present events as provisional; 0: there
				 are none */
	bool noted;           /* unset_offset is with the writer */
	uint64_t boot;
	struct clock_history history;
	struct clock_history stored;
	struct outbox_clock note;
	/* the last answer from Bento: when (mono; 0: none), and what its Date said */
	atomic_int_least64_t compared_ms;
	atomic_int_least64_t error_ms;
	atomic_int trust; /* enum clock_trust, as of the last tick */
	struct log_limit refuted;
	atomic_bool with_writer;
	struct corrections *corrections;
};

/* ---- the clock for others; any thread ------------------------------------------------------- */

static bool
is_unset(void *arg)
{
	struct clocks *c = arg;

	return atomic_load(&c->doubted) || clock_wall(c->system) < CLOCK_FLOOR;
}

static int64_t
wall_of(void *arg)
{
	struct clocks *c = arg;
	int64_t wall = clock_wall(c->system);

	if (!atomic_load(&c->doubted) && wall >= CLOCK_FLOOR)
		return wall;
	return clock_mono(c->system) + atomic_load(&c->offset);
}

static int64_t
mono_of(void *arg)
{
	const struct clocks *c = arg;

	return clock_mono(c->system);
}

static enum clock_trust
trust_of(void *arg)
{
	struct clocks *c = arg;

	return is_unset(c) ? CLOCK_UNCONFIRMED : (enum clock_trust)atomic_load(&c->trust);
}

const struct clock *
clocks_clock(const struct clocks *c)
{
	return &c->clock;
}

bool
clocks_are_unset(const struct clocks *c)
{
	return c->state != CLOCKS_SET;
}

/* ---- whether the wall clock is trusted ------------------------------------------------------ */

static bool
is_believable(const struct clocks *c, int64_t wall, int64_t mono)
{
	return wall >= CLOCK_FLOOR
	       && (wall >= c->behind_before || mono - c->started_ms >= CLOCKS_BEHIND_MAX_MS);
}

static void
doubt(struct clocks *c)
{
	c->state = CLOCKS_UNSET;
	c->unset_offset = atomic_load(&c->offset);
	c->noted = false;
	atomic_store(&c->doubted, true);
}

static void
warn(void)
{
	log_warn("the clock of this machine is not set: events are stored, but nothing is sent "
		 "until it is; set it, or start systemd-timesyncd, chrony or ntpd");
}

static void
believe(struct clocks *c, int64_t wall, int64_t mono)
{
	int64_t shift = wall - mono - c->unset_offset;

	c->state = CLOCKS_CORRECTING;
	atomic_store(&c->offset, wall - mono);
	atomic_store(&c->doubted, false);
	log_info(
	    "the clock of this machine is set: correcting the times of earlier events by %lld s",
	    (long long)(shift / 1000));
	corrections_begin(c->corrections, shift);
}

static void
look(struct clocks *c, int64_t wall, int64_t mono)
{
	switch (c->state) {
	case CLOCKS_SET:
		if (wall >= CLOCK_FLOOR) {
			atomic_store(&c->offset, wall - mono);
			return;
		}
		doubt(c);
		warn();
		return;
	case CLOCKS_UNSET:
		if (is_believable(c, wall, mono))
			believe(c, wall, mono);
		return;
	case CLOCKS_CORRECTING:
		corrections_tick(c->corrections);
		if (!corrections_are_done(c->corrections))
			return;
		c->state = CLOCKS_SET;
		c->unset_offset = 0;
		c->noted = false;
		return;
	}
}

/* ---- what confirms the wall clock ----------------------------------------------------------- */

void
clocks_compare(struct clocks *c, int64_t error_ms)
{
	atomic_store(&c->error_ms, error_ms);
	atomic_store(&c->compared_ms, clock_mono(c->system));
}

/* An answer from Bento says more than NTP, and for as long. */
static enum clock_trust
find_trust(struct clocks *c, int64_t mono)
{
	int64_t compared = atomic_load(&c->compared_ms), error = atomic_load(&c->error_ms);
	char age[WHEN_AGE_SIZE];
	unsigned suppressed;

	if (compared == 0 || mono - compared > AGE_STALE_MS)
		return clock_trust(c->system);
	if (error == 0)
		return CLOCK_CONFIRMED;
	if (log_limit_pass(&c->refuted, mono, AGE_STALE_MS, &suppressed)) {
		when_age(llabs(error), age);
		log_warn("the clock of this machine is %s %s Bento's: set it, or start "
			 "systemd-timesyncd, chrony or ntpd",
		    age, error < 0 ? "behind" : "ahead of");
	}
	return CLOCK_REFUTED;
}

static void
look_at_history(struct clocks *c, int64_t mono)
{
	int64_t wall = clock_wall(&c->clock);

	/* A jump ends what was said before it. */
	if (llabs(wall - mono - c->history.offset) > AGE_JUMP_MS)
		atomic_store(&c->compared_ms, 0);
	atomic_store(&c->trust, find_trust(c, mono));
	age_look(&c->history, &(struct age_reading){ c->boot, wall, mono, clock_trust(&c->clock) });
}

/* ---- setup and release ---------------------------------------------------------------------- */

int
clocks_new(const struct clock *system, uint64_t boot, struct clocks **ret_clocks, struct err *e)
{
	struct clocks *c = calloc(1, sizeof(*c));
	int64_t wall = clock_wall(system), mono = clock_mono(system);

	if (c == NULL)
		return err_nomem(e);
	c->system = system;
	c->boot = boot;
	c->started_ms = mono;
	c->clock = (struct clock){
		.wall_ms = wall_of,
		.mono_ms = mono_of,
		.arg = c,
		.is_unset = is_unset,
		.trust = trust_of,
	};
	c->noted = true;
	atomic_store(&c->offset, wall >= CLOCK_FLOOR ? wall - mono : CLOCK_FLOOR);
	*ret_clocks = c;
	return 0;
}

void
clocks_free(struct clocks *c)
{
	if (c == NULL)
		return;
	corrections_free(c->corrections);
	free(c);
}

static int64_t
latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The offset (wall - mono) from which the estimate continues. */
static int64_t
recall_offset(
    const struct clocks *c, const struct clock_note *note, const struct outbox_unset *marked)
{
	if (marked->events > 0 && note->unset_boot == c->boot && note->unset_offset > 0)
		return note->unset_offset;
	if (c->stored.boot == c->boot)
		return c->stored.offset;
	return latest(CLOCK_FLOOR, latest(c->stored.seen_at, marked->newest_receipt));
}

int
clocks_recall(struct clocks *c, struct outbox *outbox, struct err *e)
{
	int64_t wall = clock_wall(c->system), mono = clock_mono(c->system);
	struct clock_note note;
	struct outbox_unset marked;

	if (outbox_clock_read(outbox, &note, e) != 0 || outbox_unset_read(outbox, &marked, e) != 0
	    || corrections_new(outbox, &c->clock, &c->corrections, e) != 0)
		return -1;
	c->outbox = outbox;
	c->history = c->stored = note.history;
	if (c->stored.boot != 0 && c->stored.boot != c->boot)
		c->behind_before = latest(c->stored.seen_at, marked.newest_receipt) - AGE_JUMP_MS;
	if (!is_believable(c, wall, mono))
		warn();
	if (!is_believable(c, wall, mono) || marked.events > 0) {
		atomic_store(&c->offset, recall_offset(c, &note, &marked));
		doubt(c);
	}
	look_at_history(c, mono);
	return 0;
}

const struct clock_history *
clocks_history(const struct clocks *c)
{
	return &c->history;
}

/* ---- once a second -------------------------------------------------------------------------- */

/* Writer's thread. */
static void
on_done(struct outbox_msg *msg, void *arg)
{
	struct clocks *c = arg;

	(void)msg;
	atomic_store(&c->with_writer, false);
}

static void
note(struct clocks *c)
{
	c->note = (struct outbox_clock){
		.msg = { .type = OUTBOX_CLOCK, .done = on_done, .done_arg = c },
		.note = { c->history, c->boot, c->unset_offset },
	};
	c->stored = c->history;
	c->noted = true;
	atomic_store(&c->with_writer, true);
	if (outbox_send(c->outbox, &c->note.msg) != 0)
		atomic_store(&c->with_writer, false);
}

void
clocks_tick(struct clocks *c)
{
	int64_t mono = clock_mono(c->system);

	look(c, clock_wall(c->system), mono);
	look_at_history(c, mono);
	if (!atomic_load(&c->with_writer) && (age_is_unsaved(&c->history, &c->stored) || !c->noted))
		note(c);
}
