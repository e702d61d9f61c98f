/*
 * weather [--seeds N] [--from SEED] [--days D] [--minutes M] [--seed S] [--verbose]
 *
 * Runs N worlds of D days, from seed SEED on, and prints TAP, one line for each hundred. A world
 * that breaks a rule prints its seed, the rule and what happened last; --seed S runs that one
 * alone, and --verbose prints all that happens in it. A seed replays with the same number of days.
 *
 * make check runs 300 seeds of 60 days. The long run ends after M minutes, or with the first
 * hundred of seeds that has a broken one:
 *
 *	tests/weather/weather --seeds 10000000 --minutes 60 --from 1000000
 */
#include "weather/weather.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define SEEDS_A_TEST 100
#define SEEDS_MAX UINT64_C(10000000)
#define DAYS_MAX 3650
#define MINUTES_MAX 10080
#define FAILURES_SHOWN 5
/* With fewer seeds, some cases may never occur by chance. */
#define SEEDS_FOR_ALL 200

struct options {
	uint64_t seeds;
	uint64_t from;
	unsigned days;
	int64_t until; /* monotonic ms after which no new hundred of seeds starts */
	bool verbose;
};

struct sums {
	uint64_t seen[SEEN_COUNT];
	uint64_t events;
	uint64_t seeds;
	unsigned tests;
	unsigned failed;
	unsigned shown;
};

static const char *const seen_names[SEEN_COUNT] = {
	[SEEN_REQUESTS] = "requests",
	[SEEN_DELIVERED] = "delivered",
	[SEEN_PARTIAL] = "partial",
	[SEEN_REFUSED] = "refused",
	[SEEN_RETRY] = "retry",
	[SEEN_NOT_SENT] = "not_sent",
	[SEEN_UNKNOWN] = "unknown",
	[SEEN_CRASH_IDLE] = "crashes at rest",
	[SEEN_CRASH_BEGUN] = "crashes before sending",
	[SEEN_CRASH_IN_FLIGHT] = "crashes while sending",
	[SEEN_CRASH_ENDING] = "crashes before the record",
	[SEEN_CRASH_KEPT] = "crashes after the commit",
	[SEEN_STOPS] = "stops",
	[SEEN_DISK_FAULTS] = "commits refused",
	[SEEN_JUMPS] = "jumps of the clock",
	[SEEN_OPERATED] = "acts of operators",
	[SEEN_TWINS] = "second copies",
	[SEEN_FAILED] = "failed events",
	[SEEN_HELD] = "held events",
	[SEEN_PROVEN] = "held events that proved to be refused",
	[SEEN_INVALID] = "invalid events",
	[SEEN_PROBES] = "probes",
	[SEEN_SPLITS] = "splits",
	[SEEN_CHARGED] = "charged events",
	[SEEN_EXHAUSTED] = "exhausted events",
	[SEEN_EXPIRED] = "expired events",
	[SEEN_REPAIRED] = "repairs",
	[SEEN_SUBSCRIBERS] = "requests with subscribers",
	[SEEN_SEVERAL] = "several items delivered",
	[SEEN_TORN] = "events taken in part",
};

static bool
read_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret_n)
{
	char *end;
	uint64_t n;

	if (text == NULL || *text < '0' || *text > '9')
		return false;
	n = strtoull(text, &end, 10);
	if (*end != '\0' || n < low || n > high)
		return false;
	*ret_n = n;
	return true;
}

static bool
read_options(struct options *o, char **argv)
{
	uint64_t days = o->days, minutes = 0;
	bool right = true;

	for (char **arg = argv + 1; *arg != NULL && right; arg++) {
		if (strcmp(*arg, "--verbose") == 0) {
			o->verbose = true;
			continue;
		}
		if (arg[1] == NULL)
			return false;
		if (strcmp(*arg, "--seeds") == 0)
			right = read_number(arg[1], 1, SEEDS_MAX, &o->seeds);
		else if (strcmp(*arg, "--from") == 0)
			right = read_number(arg[1], 0, UINT64_MAX, &o->from);
		else if (strcmp(*arg, "--days") == 0)
			right = read_number(arg[1], 1, DAYS_MAX, &days);
		else if (strcmp(*arg, "--minutes") == 0)
			right = read_number(arg[1], 1, MINUTES_MAX, &minutes);
		else if (strcmp(*arg, "--seed") == 0) {
			right = read_number(arg[1], 0, UINT64_MAX, &o->from);
			o->seeds = 1;
		} else
			right = false;
		arg++;
	}
	o->days = (unsigned)days;
	if (minutes > 0)
		o->until = clock_mono(&clock_system) + (int64_t)minutes * MINUTE;
	return right;
}

static void
show_failure(const struct world *w)
{
	size_t first = w->n_told > TOLD_LINES ? w->n_told - TOLD_LINES : 0;

	printf("# seed %" PRIu64 " breaks the rule %s: %s\n", w->seed, w->broken, w->words);
	for (size_t i = first; i < w->n_told && !w->verbose; i++)
		printf("#   %s\n", w->told[i % TOLD_LINES]);
}

static bool
run_seed(const struct options *o, uint64_t seed, struct sums *t)
{
	static struct world w;
	bool right = world_run(&w, seed, o->days, o->verbose);

	if (!right && t->shown++ < FAILURES_SHOWN)
		show_failure(&w);
	else if (!right)
		printf("# seed %" PRIu64 " breaks the rule %s\n", seed, w.broken);
	for (size_t i = 0; i < SEEN_COUNT; i++)
		t->seen[i] += w.seen[i];
	t->events += w.box.n_events;
	world_free(&w);
	return right;
}

static bool
is_over(const struct options *o, const struct sums *t)
{
	return o->until > 0 && (t->failed > 0 || clock_mono(&clock_system) >= o->until);
}

static void
run_seeds(const struct options *o, struct sums *t)
{
	for (uint64_t i = 0; i < o->seeds && !is_over(o, t); i += SEEDS_A_TEST) {
		uint64_t n = o->seeds - i < SEEDS_A_TEST ? o->seeds - i : SEEDS_A_TEST;
		unsigned broken = 0;

		for (uint64_t j = 0; j < n; j++)
			broken += !run_seed(o, o->from + i + j, t);
		t->seeds += n;
		t->failed += broken > 0;
		printf("%s %u - seeds %" PRIu64 " to %" PRIu64 ": %u broken\n",
		    broken == 0 ? "ok" : "not ok", ++t->tests, o->from + i, o->from + i + n - 1,
		    broken);
		fflush(stdout);
	}
}

/* Fails for each case that no seed produced: the simulation does not test such a case. */
static void
check_all_seen(struct sums *t)
{
	bool all = true;

	for (size_t i = 0; i < SEEN_COUNT; i++) {
		bool here = t->seen[i] > 0;

		printf("# %s: %" PRIu64 "%s\n", seen_names[i], t->seen[i],
		    here ? "" : ", which is too few");
		all = all && here;
	}
	if (t->seeds < SEEDS_FOR_ALL)
		return;
	t->failed += !all;
	printf("%s %u - everything happened\n", all ? "ok" : "not ok", ++t->tests);
}

int
main(int argc, char **argv)
{
	struct options o = { .seeds = 300, .from = 1, .days = 60 };
	struct sums t = { .tests = 0 };
	int64_t began = clock_mono(&clock_system), ms;

	(void)argc;
	if (!read_options(&o, argv)) {
		fprintf(stderr, "usage: weather [--seeds N] [--from SEED] [--days D] [--minutes M] "
				"[--seed S] [--verbose]\n");
		return 2;
	}
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	run_seeds(&o, &t);
	check_all_seen(&t);
	ms = clock_mono(&clock_system) - began;
	printf("# %" PRIu64 " seeds of %u days, %" PRIu64 " events, %" PRId64 " ms, %.0f seeds/s\n",
	    o.seeds, o.days, t.events, ms, ms > 0 ? (double)o.seeds * 1000 / (double)ms : 0.0);
	printf("1..%u\n", t.tests);
	return t.failed == 0 ? 0 : 1;
}
