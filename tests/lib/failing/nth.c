/* Runs workloads with the Nth call failing; the calls are failed by failing.so. */
#include "lib/failing/nth.h"

#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/failing/failing.h"

#define WARM_UP 5 /* runs without a failure, at most, until what is allocated once is there */
/* Numbers in a row that no call reached: runs differ a little. */
#define SURELY_OVER (getenv("FAULTS_RUNS") != NULL ? 20 : 4)

static const struct nth_fault *fault_now;
static int nth_now; /* 0: nothing is to fail */

void
nth_start(char **argv)
{
	char library[4096];
	const char *build = getenv("top_builddir");

	if (failing_page != NULL && failing_page() != NULL)
		return;
	snprintf(library, sizeof(library), "%s/tests/lib/failing/failing.so",
	    build == NULL ? "." : build);
	if (access(library, R_OK) != 0) {
		printf(
		    "1..0 # SKIP %s is not built: a sanitizer wants to be loaded first\n", library);
		exit(0);
	}
	setenv("LD_PRELOAD", library, 1);
	execv("/proc/self/exe", argv);
	perror("execv");
	exit(99);
}

void
nth_arm(void)
{
	struct failing_page *page = failing_page();

	atomic_store(&page->calls, 0);
	atomic_store(&page->fired, 0);
	atomic_store(&page->first, nth_now);
	atomic_store(&page->in_a_row, fault_now->in_a_row);
	atomic_store(&page->error, fault_now->error);
	atomic_store(&page->thread, fault_now->one_thread ? gettid() : 0);
	snprintf(page->name, sizeof(page->name), "%s", fault_now->name);
	atomic_store(&page->armed, nth_now > 0);
}

void
nth_disarm(void)
{
	atomic_store(&failing_page()->armed, 0);
}

/* Returns whether a call failed. */
static bool
run_once(const struct nth_workload *w, int64_t *ret_left)
{
	struct failing_page *page = failing_page();
	int64_t before = atomic_load(&page->blocks);
	bool fired;
	int rc;

	atomic_store(&page->fired, 0);
	if (w->prepare != NULL)
		w->prepare();
	rc = w->act();
	nth_disarm();
	fired = atomic_load(&page->fired) > 0;
	if (getenv("FAILING_VERBOSE") != NULL)
		fprintf(stderr, "# %s: %s %d: %s to %#lx\n", w->name, fault_now->name, nth_now,
		    page->failed, (unsigned long)atomic_load(&page->caller));
	w->check(rc, fired);
	*ret_left = atomic_load(&page->blocks) - before;
	return fired;
}

/* Every point of a fault is tried when FAULTS_EACH is its name and error, such as sqlite:7. */
static bool
is_tried_whole(void)
{
	const char *each = getenv("FAULTS_EACH");
	char name[64];

	snprintf(name, sizeof(name), "%s:%d", fault_now->name, fault_now->error);
	return getenv("FAULTS_RUNS") != NULL || (each != NULL && strcmp(each, name) == 0);
}

bool
nth_is_thorough(void)
{
	return getenv("FAULTS_RUNS") != NULL || getenv("FAULTS_SAMPLE") != NULL;
}

/* FAULTS_SAMPLE multiplies a sample. */
static int
sample_step(const struct nth_workload *w, int sample)
{
	const char *times = getenv("FAULTS_SAMPLE");
	int64_t left;

	if (is_tried_whole())
		return 1;
	nth_now = 1 << 30;
	run_once(w, &left);
	if (times != NULL)
		sample *= (int)strtol(times, NULL, 10);
	return 1 + (int)atomic_load(&failing_page()->calls) / sample;
}

void
nth_try(const struct nth_workload *w, const struct nth_fault *fault, int sample)
{
	struct failing_page *page = failing_page();
	int64_t left;
	int step, points = 0, silent = 0;

	fault_now = fault;
	nth_now = 0;
	left = 1;
	for (int i = 0; i < WARM_UP && left != 0; i++)
		run_once(w, &left);
	if (left != 0)
		fail_msg("%s: %d blocks are left over without a failure", w->name, (int)left);
	step = sample_step(w, sample);
	for (nth_now = 1; silent < SURELY_OVER; nth_now += step) {
		bool fired = run_once(w, &left);

		silent = fired ? 0 : silent + step;
		points += fired;
		if (left <= 0)
			continue;
		failing_show_blocks();
		fail_msg("%s: %s call %d (%s, to %#lx) fails: %d blocks are left over", w->name,
		    fault->name, nth_now, page->failed, (unsigned long)atomic_load(&page->caller),
		    (int)left);
	}
	print_message("# result: points=%d lost=0\n", points);
	print_message("# %s: %d failures of %s, %d in a row\n", w->name, points, fault->name,
	    fault->in_a_row);
}
