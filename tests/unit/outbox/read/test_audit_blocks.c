/*
 * Ages and rates are counted by blocks of events, and are exactly those of the events.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "unit/outbox/filter/blocks_fixture.h"

#define AGE (2 * BLOCK * TICK) /* events of each such period count alike */

struct ages {
	int64_t events[10][4][3]; /* by name, age and kind */
	int64_t visits;
};

static bool
are_alike(void *arg, int64_t first_at, int64_t last_at)
{
	(void)arg;
	return first_at / AGE == last_at / AGE;
}

static int64_t *
place_of(struct ages *ages, struct slice name, struct slice kind, int64_t at)
{
	size_t n = 0, age = at / AGE < 4 ? (size_t)(at / AGE) : 3, k = 0;

	while (n < 4 && !slice_equals(name, slice_from(names[n])))
		n++;
	if (n == 4 && name.n == 0)
		n = 5;
	while (!slice_equals(kind, slice_from(kinds[k])))
		k++;
	return &ages->events[n][age][k];
}

static void
add_arrival(void *arg, const struct audit_arrival *arrival)
{
	struct ages *ages = arg;

	*place_of(ages, arrival->name, arrival->kind, arrival->received_at) += arrival->events;
	ages->visits++;
}

static void
add_row(void *arg, const struct audit_event *event)
{
	*place_of(arg, event->name, event->kind, event->received_at) += 1;
}

/* Counts by name and age equal those of a list, for one site and for all. */
static void
ages_are_counted_by_blocks(void **state)
{
	static struct ages want, got;
	struct audit_page page = { .rows = 1 };
	struct outbox_filter f;
	struct err e;

	(void)state;
	outbox_filter_init(&f);
	f.statuses = 1u << STATUS_PENDING;
	sql("UPDATE span SET attempt_id = NULL WHERE site_id = 2");
	for (int i = 0; i < 3; i++) {
		if (i > 0)
			assert_int_equal(
			    outbox_filter_set_text(&f, FILTER_SITE, i == 1 ? "two" : "none", &e),
			    0);
		want = got = (struct ages){ 0 };
		for (page = (struct audit_page){ .rows = 1 }; page.rows > 0;) {
			page.rows = AUDIT_PAGE_MAX;
			assert_int_equal(
			    outbox_audit_list(audit, &f, &page, add_row, &want, &e), 0);
		}
		assert_int_equal(
		    outbox_audit_arrivals(audit, &f, are_alike, add_arrival, &got, &e), 0);
		assert_memory_equal(want.events, got.events, sizeof(want.events));
		/* Blocks 0, 2 and 4 are counted, blocks 1 and 3 read: they have events of other
		 * ages. */
		assert_in_range(got.visits, i == 2 ? 0 : 100, i == 2 ? 0 : 4500);
		if (i > 0)
			outbox_filter_free(&f);
		f.statuses = 1u << STATUS_PENDING;
	}
	sql("UPDATE span SET attempt_id = 2 WHERE site_id = 2 AND first_event_id = 1");
}

/* The last 15 minutes are some four blocks. */
static void
rates_are_counted_by_blocks(void **state)
{
	const int64_t now = TICK * EVENTS + 5;
	struct err e;
	char text[200];

	(void)state;
	for (int64_t at = now; at > now / 2; at -= now / 7) {
		struct audit_rate rates[2] = { { .site_id = 1 }, { .site_id = 2 } };

		assert_int_equal(outbox_audit_rates(audit, at, rates, 2, &e), 0);
		for (int i = 0; i < 2; i++)
			for (int lately = 0; lately < 2; lately++) {
				int64_t n,
				    since = at - (lately ? AUDIT_RATE_LATELY_MS : AUDIT_RATE_MS);

				snprintf(text, sizeof(text),
				    "SELECT count(*) FROM event WHERE site_id = %d"
				    " AND received_at >= %lld",
				    i + 1, (long long)since);
				assert_int_equal(db_exec_int(&db, text, &n, &e), 0);
				assert_int_equal(
				    lately ? rates[i].received_lately : rates[i].received, n);
			}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_are_counted_by_blocks),
		cmocka_unit_test(rates_are_counted_by_blocks),
	};

	return cmocka_run_group_tests_name("audit_blocks", tests, set_up, tear_down);
}
