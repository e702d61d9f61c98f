/*
 * dispatch/age: a table of the lives of machines. An event is received every hour; whatever the
 * clocks do, none may be too old before its time, and none may wait much longer than that.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "dispatch/age.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)
#define MAX_AGE (30 * DAY)
#define START (AGE_FLOOR + 300 * DAY)
#define EVENTS_MAX 20000
#define STEPS_MAX 16

enum step_type {
	END,
	ON,      /* the machine runs */
	UNSEEN,  /* events come, but nobody reads the clocks */
	IDLE,    /* the machine runs without the spooler */
	OFF,     /* it is off; its wall clock keeps the time */
	STOPPED, /* it is off, and its wall clock stands still */
	PAUSED,  /* a virtual machine stands still, with all its clocks */
	JUMP,    /* somebody changes the wall clock */
	SET,     /* the wall clock is set to the real time */
	NTP,     /* NTP confirms the wall clock from now on */
	ALONE,   /* nobody confirms it */
	WRONG,   /* Bento's Date differs */
};

struct step {
	enum step_type type;
	int64_t ms;
};

struct life {
	const char *name;
	struct step steps[STEPS_MAX];
	int times;        /* the steps are repeated so often; 0: once */
	int64_t earliest; /* no event may be too old at a younger real age; 0: max_age */
	int64_t latest;   /* at the end, no event with a right date may be older and remain */
	int periods;      /* at most so many at the end; 0: any number */
	int64_t max_age;  /* 0: MAX_AGE */
	int64_t wrong;    /* how wrong the wall clock is on the first day */
};

struct machine {
	struct clock_history history;
	struct age_reading now;
	int64_t real;
	int64_t next_event;
	int64_t max_age;
	int64_t youngest; /* the real age of the youngest event that was too old */
	int n_events;
	struct {
		int64_t real;
		int64_t received_at;
	} events[EVENTS_MAX];
};

static void
check(struct machine *m)
{
	int64_t limit = age_limit(&m->history, m->max_age);

	for (int i = 0; i < m->n_events; i++) {
		int64_t age = m->real - m->events[i].real;

		if (age < m->youngest && age_is_over(limit, m->events[i].received_at))
			m->youngest = age;
	}
}

static int64_t
oldest_left(const struct machine *m)
{
	int64_t limit = age_limit(&m->history, m->max_age), oldest = 0;

	for (int i = 0; i < m->n_events; i++) {
		int64_t age = m->real - m->events[i].real;

		if (age > oldest && !age_is_over(limit, m->events[i].received_at)
		    && llabs(m->events[i].received_at - m->events[i].real) <= AGE_JUMP_MS)
			oldest = age;
	}
	return oldest;
}

static void
advance(struct machine *m, int64_t ms)
{
	m->real += ms;
	m->now.wall += ms;
	m->now.mono += ms;
}

static void
receive(struct machine *m)
{
	if (m->real < m->next_event)
		return;
	m->next_event = m->real + HOUR;
	assert_true(m->n_events < EVENTS_MAX);
	m->events[m->n_events].real = m->real;
	m->events[m->n_events++].received_at = m->now.wall;
}

static void
run(struct machine *m, int64_t ms)
{
	for (int64_t end = m->real + ms; m->real < end; advance(m, MINUTE)) {
		int before = m->n_events;

		age_look(&m->history, &m->now);
		receive(m);
		if (m->n_events > before)
			check(m);
	}
	age_look(&m->history, &m->now);
	check(m);
}

static void
boot(struct machine *m, int64_t off, int64_t wall)
{
	m->real += off;
	m->now.wall += wall + 30000;
	m->real += 30000;
	m->now.mono = 30000;
	m->now.boot++;
	m->next_event = 0;
}

static void
take(struct machine *m, const struct step *s)
{
	switch (s->type) {
	case ON:
		run(m, s->ms);
		return;
	case UNSEEN:
		for (int64_t end = m->real + s->ms; m->real < end; advance(m, MINUTE))
			receive(m);
		return;
	case IDLE:
		advance(m, s->ms);
		return;
	case OFF:
		boot(m, s->ms, s->ms);
		return;
	case STOPPED:
		boot(m, s->ms, 0);
		return;
	case PAUSED:
		m->real += s->ms;
		return;
	case JUMP:
		m->now.wall += s->ms;
		return;
	case SET:
		m->now.wall = m->real;
		return;
	case NTP:
		m->now.trust = CLOCK_CONFIRMED;
		return;
	case ALONE:
		m->now.trust = CLOCK_UNCONFIRMED;
		return;
	case WRONG:
		m->now.trust = CLOCK_REFUTED;
		return;
	case END:
		return;
	}
}

#define WEEKEND (5 * DAY / 2)

static const struct life lives[] = {
	{
	    .name = "always on",
	    .steps = { { ON, 70 * DAY } },
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "26 weekends off, with NTP",
	    .steps = { { ON, MINUTE }, { NTP, 0 }, { ON, 9 * DAY / 2 }, { ALONE, 0 },
		{ OFF, WEEKEND } },
	    .times = 26,
	    .latest = MAX_AGE + WEEKEND + HOUR,
	    .periods = 2,
	},
	{
	    .name = "26 weekends off, with NTP before the spooler starts",
	    .steps = { { NTP, 0 }, { ON, 0 }, { OFF, WEEKEND } },
	    .times = 26,
	    .latest = MAX_AGE + HOUR,
	    .periods = 1,
	},
	{
	    .name = "26 weekends off, alone",
	    .steps = { { ON, 9 * DAY / 2 }, { OFF, WEEKEND } },
	    .times = 26,
	    .latest = MAX_AGE + 2 * WEEKEND,
	    .periods = 2,
	},
	{
	    .name = "26 weekends off and hardly ever on",
	    .steps = { { ON, 2 * MINUTE }, { OFF, WEEKEND } },
	    .times = 26,
	    .latest = MAX_AGE + 2 * WEEKEND,
	},
	{
	    .name = "60 nights off, alone",
	    .steps = { { ON, 10 * HOUR }, { OFF, 14 * HOUR } },
	    .times = 60,
	    .latest = MAX_AGE + DAY,
	},
	{
	    .name = "nights and weekends off, alone",
	    .steps = { { ON, 10 * HOUR }, { OFF, 14 * HOUR }, { ON, 10 * HOUR }, { OFF, 14 * HOUR },
		{ ON, 10 * HOUR }, { OFF, 62 * HOUR } },
	    .times = 26,
	    .latest = MAX_AGE + 2 * WEEKEND,
	},
	{
	    .name = "three weeks of holidays, alone",
	    .steps = { { ON, 20 * DAY }, { OFF, 21 * DAY }, { ON, 22 * DAY } },
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "half a year off, alone: the time on counts",
	    .steps = { { ON, 20 * DAY }, { OFF, 180 * DAY }, { ON, 31 * DAY } },
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "half a year off, with NTP: counted at once",
	    .steps = { { ON, MINUTE }, { NTP, 0 }, { ON, 20 * DAY }, { ALONE, 0 },
		{ OFF, 180 * DAY }, { ON, 5 * MINUTE }, { NTP, 0 }, { ON, MINUTE } },
	    .latest = HOUR,
	},
	{
	    .name = "years ahead and back, in one boot",
	    .steps = { { ON, 20 * DAY }, { JUMP, 10 * YEAR }, { ON, 5 * DAY }, { SET, 0 },
		{ ON, 20 * DAY }, { JUMP, -200 * DAY }, { ON, 40 * DAY }, { SET, 0 },
		{ ON, 31 * DAY } },
	    .times = 2,
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "events between a jump and the next reading",
	    .steps = { { ON, 40 * DAY }, { JUMP, -100 * DAY }, { UNSEEN, 2 * HOUR }, { ON, DAY },
		{ SET, 0 }, { UNSEEN, 2 * HOUR }, { ON, 40 * DAY } },
	    .latest = MAX_AGE + DAY,
	},
	{
	    .name = "years ahead and back, with NTP in between",
	    .steps = { { NTP, 0 }, { ON, 20 * DAY }, { ALONE, 0 }, { JUMP, 10 * YEAR },
		{ ON, 5 * DAY }, { SET, 0 }, { NTP, 0 }, { ON, 20 * DAY } },
	    .times = 4,
	    .latest = MAX_AGE + DAY,
	},
	{
	    .name = "a clock that shows other years after each boot",
	    .steps = { { ON, 10 * DAY }, { JUMP, 5 * YEAR }, { OFF, DAY }, { ON, DAY },
		{ JUMP, 9 * YEAR }, { OFF, DAY }, { ON, DAY }, { SET, 0 }, { OFF, DAY } },
	    .times = 9,
	    .latest = MAX_AGE + 20 * DAY,
	},
	{
	    .name = "a virtual machine paused every night, set by NTP within an hour",
	    .steps = { { ON, 10 * HOUR }, { PAUSED, 14 * HOUR }, { ON, 40 * MINUTE }, { ALONE, 0 },
		{ SET, 0 }, { ON, MINUTE }, { NTP, 0 } },
	    .times = 90,
	    .latest = MAX_AGE * 3 / 2,
	},
	{
	    .name = "a virtual machine paused for months, set by NTP within an hour",
	    .steps = { { NTP, 0 }, { ON, 2 * DAY }, { PAUSED, 100 * DAY }, { ON, 50 * MINUTE },
		{ ALONE, 0 }, { SET, 0 }, { ON, MINUTE }, { NTP, 0 }, { ON, 31 * DAY } },
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "no battery: it boots with the time of its end, until NTP",
	    .steps = { { ON, 5 * MINUTE }, { SET, 0 }, { ON, MINUTE }, { NTP, 0 },
		{ ON, 9 * DAY / 2 }, { ALONE, 0 }, { STOPPED, WEEKEND } },
	    .times = 20,
	    .latest = MAX_AGE * 3 / 2,
	},
	{
	    .name = "three weeks ahead by mistake, and back in time",
	    .steps = { { ON, 5 * DAY }, { JUMP, 21 * DAY }, { OFF, 5 * MINUTE }, { ON, 20 * DAY },
		{ SET, 0 }, { ON, 31 * DAY } },
	    .latest = MAX_AGE + DAY,
	},
	{
	    .name = "three weeks ahead by mistake, for good: not before half the age",
	    .steps = { { ON, 25 * DAY }, { JUMP, 21 * DAY }, { OFF, 5 * MINUTE },
		{ ON, 40 * DAY } },
	    .earliest = MAX_AGE / 2,
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "three weeks ahead by mistake, and Bento says so",
	    .steps = { { WRONG, 0 }, { ON, 25 * DAY }, { JUMP, 21 * DAY }, { OFF, 5 * MINUTE },
		{ ON, 60 * DAY } },
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "ahead by mistake twice, once while it is on",
	    .steps = { { ON, 25 * DAY }, { JUMP, 21 * DAY }, { OFF, 5 * MINUTE }, { ON, DAY },
		{ JUMP, 25 * DAY }, { ON, 60 * DAY } },
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "paused again soon after NTP set the clock",
	    .steps = { { NTP, 0 }, { ON, 2 * DAY }, { PAUSED, DAY }, { ON, 50 * MINUTE },
		{ ALONE, 0 }, { SET, 0 }, { ON, MINUTE }, { NTP, 0 }, { ON, 20 * MINUTE },
		{ PAUSED, 100 * DAY }, { ON, 20 * MINUTE }, { ALONE, 0 }, { SET, 0 },
		{ ON, MINUTE }, { NTP, 0 }, { ON, 31 * DAY } },
	    .latest = MAX_AGE + 2 * DAY,
	},
	{
	    .name = "two absences, then NTP",
	    .steps = { { NTP, 0 }, { ON, 20 * DAY }, { ALONE, 0 }, { OFF, 20 * DAY }, { ON, HOUR },
		{ OFF, 5 * DAY }, { ON, HOUR }, { NTP, 0 }, { ON, 91 * DAY } },
	    .earliest = 90 * DAY,
	    .latest = 91 * DAY,
	    .max_age = 90 * DAY,
	},
	{
	    .name = "NTP before an absence is believed, and after the next one",
	    .steps = { { ON, 10 * DAY }, { OFF, 10 * DAY }, { NTP, 0 }, { ON, HOUR }, { ALONE, 0 },
		{ ON, 11 * DAY }, { OFF, 40 * DAY }, { NTP, 0 }, { ON, DAY } },
	    .latest = DAY + HOUR,
	    .max_age = 38 * DAY,
	},
	{
	    .name = "NTP at once after a wrong time",
	    .steps = { { JUMP, -100 * DAY }, { ON, DAY }, { SET, 0 }, { NTP, 0 }, { ON, 0 },
		{ OFF, WEEKEND }, { ON, 0 }, { OFF, WEEKEND } },
	    .latest = 2 * WEEKEND + HOUR,
	    .periods = 2,
	},
	{
	    .name = "a jump while the spooler does not run: the time counts",
	    .steps = { { ON, 10 * DAY }, { IDLE, 20 * DAY }, { JUMP, YEAR }, { ON, 12 * DAY } },
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "the spooler starts days after the boot",
	    .steps = { { ON, 10 * DAY }, { OFF, 5 * DAY }, { IDLE, 4 * DAY }, { ON, 40 * DAY } },
	    .latest = MAX_AGE + HOUR,
	},
	{
	    .name = "a clock that jumps a week every day",
	    .steps = { { ON, DAY }, { JUMP, 7 * DAY } },
	    .times = 300,
	    .latest = MAX_AGE * 3 / 2,
	},
	{
	    .name = "a clock that was months behind, and is set every day",
	    .steps = { { SET, 0 }, { ON, DAY / 2 }, { JUMP, 2 * MINUTE }, { ON, DAY / 2 } },
	    .times = 150,
	    .latest = MAX_AGE * 3 / 2,
	    .wrong = -100 * DAY,
	},
	{
	    .name = "a clock that jumps all the time",
	    .steps = { { ON, DAY }, { JUMP, 2 * MINUTE } },
	    .times = 300,
	    .latest = MAX_AGE * 3 / 2,
	},
	{
	    .name = "a clock that falls all the time",
	    .steps = { { ON, DAY }, { JUMP, -2 * MINUTE } },
	    .times = 300,
	    .latest = MAX_AGE * 3 / 2,
	},
};

static bool
live(struct machine *m, const struct life *l)
{
	int64_t left;

	*m = (struct machine){
		.now = { .boot = 1, .wall = START + l->wrong, .mono = 5 * DAY },
		.real = START,
		.max_age = l->max_age != 0 ? l->max_age : MAX_AGE,
		.youngest = INT64_MAX,
	};
	if (l->wrong != 0)
		run(m, DAY);
	for (int i = 0; i < (l->times != 0 ? l->times : 1); i++)
		for (const struct step *s = l->steps; s->type != END; s++)
			take(m, s);
	run(m, MINUTE);
	left = oldest_left(m);
	if (m->youngest >= (l->earliest != 0 ? l->earliest : m->max_age) && left <= l->latest
	    && (l->periods == 0 || m->history.n_periods <= l->periods))
		return true;
	print_error(
	    "%s: an event was too old after %.2f days; one of %.2f days remains; %d periods\n",
	    l->name, (double)m->youngest / (double)DAY, (double)left / (double)DAY,
	    (int)m->history.n_periods);
	return false;
}

static void
every_machine_ages_its_events(void **state)
{
	struct machine *m = malloc(sizeof(*m));
	int failed = 0;

	(void)state;
	assert_non_null(m);
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++)
		failed += !live(m, &lives[i]);
	free(m);
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_machine_ages_its_events),
	};

	return cmocka_run_group_tests_name("age", tests, NULL, NULL);
}
