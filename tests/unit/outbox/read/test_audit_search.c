/*
 * Searches with a budget find what a list finds, in as many pieces as it takes, and stop when the
 * budget is used up.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/read/audit_search.h"
#include "unit/outbox/filter/blocks_fixture.h"

#define PLENTY INT64_C(1000000000)

struct found {
	int64_t id[EVENTS];
	size_t n;
};

static void
add_event(void *arg, const struct audit_event *event)
{
	struct found *found = arg;

	found->id[found->n++] = event->event_id;
}

static void
make_filter(struct outbox_filter *f, int which)
{
	struct err e;

	outbox_filter_init(f);
	switch (which) {
	case 0:
		f->all = true;
		break;
	case 1:
		f->statuses = 1u << STATUS_FAILED;
		break;
	case 2:
		f->statuses = 1u << STATUS_PENDING | 1u << STATUS_DELIVERED;
		outbox_filter_set_text(f, FILTER_SITE, "two", &e);
		break;
	case 3:
		outbox_filter_set_text(f, FILTER_NAME, "Rare", &e);
		break;
	case 4:
		outbox_filter_set_text(f, FILTER_EMAIL, "c@b.cc", &e);
		break;
	case 5:
		outbox_filter_set_text(f, FILTER_EMAIL, "*nobody*", &e);
		break;
	case 6:
		f->since = 3000 * TICK;
		f->until = 5000 * TICK;
		break;
	default:
		outbox_filter_add_id(f, 77, &e);
		outbox_filter_add_id(f, 9000, &e);
	}
}
#define FILTERS 8

/* Searches until nothing is older, with `steps` for each search. Returns how many it took. */
static int
search_all(const struct outbox_filter *f, int64_t steps, size_t rows, struct found *found)
{
	struct audit_search search = { 0 };
	struct err e;
	int n = 0;

	found->n = 0;
	do {
		struct audit_budget budget = { .steps = steps };
		int64_t before = search.before;
		size_t had = found->n;

		search.rows = rows;
		if (outbox_audit_search(audit, f, &search, &budget, add_event, found, &e) != 0)
			fail_msg("%s", e.text);
		assert_int_equal(search.rows, found->n - had);
		assert_in_range(search.rows, 0, rows);
		/* Without a full page it goes on only because it was stopped, and it gets on. */
		if (search.rows < rows)
			assert_int_equal(search.stopped, search.next != 0);
		else
			assert_false(search.stopped);
		if (search.next != 0 && before != 0)
			assert_true(search.next < before);
		search.before = search.next;
		n++;
	} while (search.next != 0);
	return n;
}

static void
pieces_are_the_whole(void **state)
{
	static struct found want, got;
	struct outbox_filter f;
	struct err e;

	(void)state;
	for (int which = 0; which < FILTERS; which++) {
		struct audit_page page = { .newest = true, .rows = 1 };

		make_filter(&f, which);
		for (want.n = 0; page.rows > 0;) {
			page.rows = AUDIT_PAGE_MAX;
			if (outbox_audit_list(audit, &f, &page, add_event, &want, &e) != 0)
				fail_msg("%s", e.text);
		}
		for (int round = 0; round < 3; round++) {
			const int64_t steps[] = { 1, 20000, PLENTY };
			const size_t rows[] = { 100, 7, AUDIT_PAGE_MAX };

			search_all(&f, steps[round], rows[round], &got);
			assert_int_equal(got.n, want.n);
			assert_memory_equal(got.id, want.id, want.n * sizeof(*want.id));
		}
		outbox_filter_free(&f);
	}
}

/* What finds nothing has to look at every event; each search looks at a portion. */
static void
a_search_ends_with_its_budget(void **state)
{
	struct audit_search search = { .rows = 10 };
	struct audit_budget budget = { .steps = 1 };
	static struct found found;
	struct outbox_filter f;
	struct err e;

	(void)state;
	make_filter(&f, 5);
	assert_int_equal(
	    outbox_audit_search(audit, &f, &search, &budget, add_event, &found, &e), 0);
	assert_true(search.stopped);
	assert_int_equal(search.next, EVENTS - 256 + 1);
	assert_true(budget.steps <= 0);
	/* One that has no budget at all does not begin. */
	search = (struct audit_search){ .rows = 10, .before = 5000 };
	assert_int_equal(
	    outbox_audit_search(audit, &f, &search, &budget, add_event, &found, &e), 0);
	assert_true(search.stopped);
	assert_int_equal(search.next, 5000);
	/* With enough it ends, and says so. */
	assert_int_equal(search_all(&f, PLENTY, 10, &found), 1);
	assert_true(search_all(&f, 1, 10, &found) > EVENTS / AUDIT_PORTION);
	outbox_filter_free(&f);
}

static bool
is_late(void *arg)
{
	int *left = arg;

	return (*left)-- == 0;
}

static void
a_search_ends_with_its_time(void **state)
{
	struct audit_search search = { .rows = 10 };
	int left = 2;
	struct audit_budget budget = { .steps = PLENTY, .is_over = is_late, .arg = &left };
	static struct found found;
	struct outbox_filter f;
	struct err e;

	(void)state;
	make_filter(&f, 5);
	assert_int_equal(
	    outbox_audit_search(audit, &f, &search, &budget, add_event, &found, &e), 0);
	assert_true(search.stopped);
	/* 256 ids and 512 ids were looked at. */
	assert_int_equal(search.next, EVENTS - 768 + 1);
	outbox_filter_free(&f);
}

/* The last page is full, and nothing is older: at, below and above its size. */
static void
a_full_page_may_be_the_last(void **state)
{
	static struct found found;
	struct outbox_filter f;
	struct err e;

	(void)state;
	for (size_t rows = 1; rows <= 3; rows++) {
		struct audit_search search = { .rows = rows };
		struct audit_budget budget = { .steps = PLENTY };

		make_filter(&f, 7);
		found.n = 0;
		assert_int_equal(
		    outbox_audit_search(audit, &f, &search, &budget, add_event, &found, &e), 0);
		assert_int_equal(found.n, rows < 2 ? rows : 2);
		assert_int_equal(search.next, rows < 2 ? 9000 : 0);
		outbox_filter_free(&f);
	}
}

static struct audit_number
number_of(int which, int64_t max, int64_t steps)
{
	struct audit_budget budget = { .steps = steps };
	struct audit_number number;
	struct outbox_filter f;
	struct err e;

	make_filter(&f, which);
	if (outbox_audit_number(audit, &f, max, &budget, &number, &e) != 0)
		fail_msg("%s", e.text);
	outbox_filter_free(&f);
	return number;
}

static void
a_number_is_exact_up_to_its_maximum(void **state)
{
	struct audit_number n;

	(void)state;
	n = number_of(0, EVENTS - 1, PLENTY);
	assert_int_equal(n.events, EVENTS - 1);
	assert_true(n.more);
	n = number_of(0, EVENTS, PLENTY);
	assert_int_equal(n.events, EVENTS);
	assert_false(n.more);
	n = number_of(0, EVENTS + 1, PLENTY);
	assert_int_equal(n.events, EVENTS);
	assert_false(n.more);
	/* One that stops early says so. */
	n = number_of(0, EVENTS, 1);
	assert_int_equal(n.events, 256);
	assert_true(n.more);
	n = number_of(5, 10, PLENTY);
	assert_int_equal(n.events, 0);
	assert_false(n.more);
}

/* ---- failures -------------------------------------------------------------------------------- */

struct failures {
	int64_t n[STATUS_COUNT];
	int64_t first_id;
	bool pending_first; /* a pending one was visited before a failed one */
};

static void
add_failure(void *arg, const struct audit_failure *failure)
{
	struct failures *told = arg;
	enum event_status status;

	assert_int_equal(status_parse(failure->status, &status), 0);
	told->pending_first |= status == STATUS_FAILED && told->n[STATUS_PENDING] > 0;
	told->n[status]++;
	if (told->first_id == 0)
		told->first_id = failure->event_id;
}

static void
failures_are_those_of_all_time(void **state)
{
	struct failures want = { 0 }, got = { 0 };
	struct audit_budget budget = { .steps = PLENTY };
	struct outbox_filter f;
	bool complete;
	struct err e;

	(void)state;
	outbox_filter_init(&f);
	assert_int_equal(outbox_audit_failures(audit, &f, add_failure, &want, &e), 0);
	assert_int_equal(
	    outbox_audit_recent_failures(audit, &f, &budget, add_failure, &got, &complete, &e), 0);
	assert_true(complete);
	assert_true(want.n[STATUS_FAILED] > 100);
	assert_memory_equal(got.n, want.n, sizeof(got.n));
	assert_false(got.pending_first);

	/* The newest first, and not all of them. */
	got = (struct failures){ 0 };
	budget.steps = 1;
	assert_int_equal(
	    outbox_audit_recent_failures(audit, &f, &budget, add_failure, &got, &complete, &e), 0);
	assert_false(complete);
	assert_in_range(got.n[STATUS_FAILED], 1, 256);
	assert_true(got.first_id > EVENTS - 256);
	assert_int_equal(got.n[STATUS_INVALID], 0);
}

static void
an_empty_outbox_is_searched(void **state)
{
	static struct found found;
	struct outbox_filter f;

	(void)state;
	make_filter(&f, 0);
	sql("DELETE FROM event");
	assert_int_equal(search_all(&f, PLENTY, 10, &found), 1);
	assert_int_equal(found.n, 0);
	assert_int_equal(number_of(0, 10, PLENTY).events, 0);
	assert_false(number_of(0, 10, PLENTY).more);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_the_whole),
		cmocka_unit_test(a_search_ends_with_its_budget),
		cmocka_unit_test(a_search_ends_with_its_time),
		cmocka_unit_test(a_full_page_may_be_the_last),
		cmocka_unit_test(a_number_is_exact_up_to_its_maximum),
		cmocka_unit_test(failures_are_those_of_all_time),
		/* the last one: it removes the events */
		cmocka_unit_test(an_empty_outbox_is_searched),
	};

	return cmocka_run_group_tests_name("audit_search", tests, set_up, tear_down);
}
