/* outbox/read/audit_walk: rates, backlogs and latest changes, in an outbox made by hand. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "outbox/read/audit_walk.h"
#include "unit/outbox/handmade.h"

#define NOW INT64_C(100000000)
#define MINUTE INT64_C(60000)

static struct handmade box;
static struct outbox_audit *audit;
static struct audit_rate rates[2];

static int
open_box(void **state)
{
	struct err e = { 0 };

	(void)state;
	handmade_create(&box);
	handmade_sql(&box, "INSERT INTO site (site_id, name) VALUES (2, 'shop')");
	if (outbox_audit_open(box.path, &audit, &e) != 0)
		fail_msg("%s", e.text);
	rates[0] = (struct audit_rate){ .site_id = 1 };
	rates[1] = (struct audit_rate){ .site_id = 2 };
	return 0;
}

static int
close_box(void **state)
{
	(void)state;
	outbox_audit_close(audit);
	handmade_remove(&box);
	return 0;
}

/* Adds an event of a site that arrived `ago` ms before NOW. */
static void
arrive(int64_t id, int site, int64_t ago)
{
	char sql[200];

	handmade_event(&box, id, "A", "a@b.cc", STATUS_PENDING, NULL);
	snprintf(sql, sizeof(sql),
	    "UPDATE event SET received_at = %lld, site_id = %d WHERE event_id = %lld;"
	    "UPDATE delivery SET site_id = %d WHERE event_id = %lld",
	    (long long)(NOW - ago), site, (long long)id, site, (long long)id);
	handmade_sql(&box, sql);
}

static void
attempt(int64_t id, int site, int64_t ago, int events, const char *outcome)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at, events,"
	    " bytes, first_event_id, last_event_id, outcome) VALUES (%lld, %d, 1, %lld, %lld, %d,"
	    " 1, 1, 1, %s)",
	    (long long)id, site, (long long)(NOW - ago), (long long)(NOW - ago), events, outcome);
	handmade_sql(&box, sql);
}

static void
look(void)
{
	struct err e = { 0 };

	if (outbox_audit_rates(audit, NOW, rates, 2, &e) != 0)
		fail_msg("%s", e.text);
}

static void
rates_of_an_empty_outbox_are_zero(void **state)
{
	(void)state;
	look();
	assert_int_equal(rates[0].received, 0);
	assert_int_equal(rates[0].delivered, 0);
}

static void
rates_count_what_is_recent_by_site(void **state)
{
	(void)state;
	arrive(1, 1, 20 * MINUTE);
	arrive(5, 1, 16 * MINUTE);
	arrive(6, 2, 15 * MINUTE - 1);
	arrive(9, 1, 3 * MINUTE);
	arrive(10, 1, 0);
	attempt(1, 1, 16 * MINUTE, 1000, "'delivered'");
	attempt(2, 1, 15 * MINUTE - 1, 100, "'delivered'");
	attempt(3, 1, 10 * MINUTE, 10, "'refused'");
	attempt(4, 2, 2 * MINUTE, 7, "'delivered'");
	attempt(5, 1, MINUTE, 3, "'delivered'");
	attempt(6, 1, 0, 50, "NULL");
	look();
	assert_int_equal(rates[0].received, 2);
	assert_int_equal(rates[1].received, 1);
	assert_int_equal(rates[0].received_lately, 1);
	assert_int_equal(rates[1].received_lately, 0);
	assert_int_equal(rates[0].received_ms, 15 * MINUTE);
	assert_int_equal(rates[0].delivered, 103);
	assert_int_equal(rates[0].lately, 3);
	assert_int_equal(rates[1].delivered, 7);
	assert_int_equal(rates[1].lately, 0);
	assert_int_equal(rates[0].delivered_ms, 15 * MINUTE);
}

static void
rates_of_a_young_outbox_are_since_it_began(void **state)
{
	(void)state;
	arrive(1, 1, 3 * MINUTE);
	attempt(1, 1, MINUTE / 2, 6, "'delivered'");
	look();
	assert_int_equal(rates[0].received, 1);
	assert_int_equal(rates[0].received_ms, 3 * MINUTE);
	/* A rate never covers less than a minute. */
	assert_int_equal(rates[0].delivered_ms, MINUTE);
}

static void
what_waits_is_counted_by_site(void **state)
{
	struct audit_site *sites;
	struct err e;
	size_t n;

	(void)state;
	arrive(1, 1, 2000);
	arrive(2, 2, 1000);
	arrive(3, 1, 0);
	handmade_event(&box, 4, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	handmade_sql(&box, "UPDATE delivery SET awaiting_since = 1 WHERE event_id = 3");
	assert_int_equal(outbox_audit_site_backlogs(audit, &sites, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(sites[0].counts[STATUS_PENDING], 2);
	assert_int_equal(sites[0].awaiting, 1);
	assert_int_equal(sites[0].counts[STATUS_DELIVERED], 1);
	assert_int_equal(sites[0].oldest_pending_id, 1);
	assert_int_equal(sites[1].counts[STATUS_PENDING], 1);
	free(sites);
}

static void
add_settled(void *arg, const struct audit_event *event)
{
	*(int64_t *)arg = *(int64_t *)arg * 10 + event->event_id;
}

/* All events except 2, 7 and 9 were settled at second 50 by a change that `tail` prints anyway. */
static void
what_was_settled_by_itself_is_told(void **state)
{
	struct outbox_filter f;
	int64_t told = 0;
	struct err e;

	(void)state;
	for (int64_t id = 1; id <= 9; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_FAILED, "expired");
	handmade_sql(&box,
	    "UPDATE delivery SET settled_at = 50000;"
	    "UPDATE event SET received_at = 50000 WHERE event_id = 1;"
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at, events,"
	    " bytes, first_event_id, last_event_id, outcome) VALUES"
	    " (1, 1, 1, 1, 50000, 1, 1, 3, 3, 'refused'), (2, 1, 1, 1, 40000, 1, 1, 2, 2, 'retry');"
	    "UPDATE delivery SET last_attempt_id = 2 WHERE event_id = 2;"
	    "UPDATE delivery SET last_attempt_id = 1 WHERE event_id = 3;"
	    "INSERT INTO operation (operation_id, at, actor, verb, filter) VALUES"
	    " (1, 50000, 'x', 'discard', '{}'), (2, 40000, 'x', 'requeue', '{}');"
	    "UPDATE delivery SET operation_id = 1 WHERE event_id = 4;"
	    "UPDATE delivery SET status = 'delivered' WHERE event_id = 5;"
	    "UPDATE delivery SET settled_at = 49999 WHERE event_id = 6;"
	    "UPDATE delivery SET operation_id = 2, settled_at = 59999 WHERE event_id = 7;"
	    "UPDATE delivery SET settled_at = 60000 WHERE event_id = 8");
	outbox_filter_init(&f);
	assert_int_equal(outbox_audit_settled(audit, &f, 50000, 60000, add_settled, &told, &e), 0);
	assert_int_equal(told, 297);
	told = 0;
	f.statuses = 1u << STATUS_HELD;
	assert_int_equal(outbox_audit_settled(audit, &f, 50000, 60000, add_settled, &told, &e), 0);
	assert_int_equal(told, 0);
}

int
main(void)
{
#define WITH_BOX(test) cmocka_unit_test_setup_teardown(test, open_box, close_box)
	const struct CMUnitTest tests[] = {
		WITH_BOX(what_was_settled_by_itself_is_told),
		WITH_BOX(rates_of_an_empty_outbox_are_zero),
		WITH_BOX(rates_count_what_is_recent_by_site),
		WITH_BOX(rates_of_a_young_outbox_are_since_it_began),
		WITH_BOX(what_waits_is_counted_by_site),
	};

	return cmocka_run_group_tests_name("audit_look", tests, NULL, NULL);
}
