/* dispatch/queue/first: which events pass others, and who goes with them. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/queue/first.h"
#include "unit/dispatch/dispatch_rig.h"

static const char *const patterns[] = { "Order", "Refund*" };
static struct rig r;

static int
set_up(void **state)
{
	(void)state;
	rig_init(&r);
	r.site.first = patterns;
	r.site.n_first = 2;
	r.site.batch_events = 3;
	rig_start(&r);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_free(&r);
	return 0;
}

/* more: members of the body after the number, such as ",\"userId\":\"u\""; email may be NULL:
 * nobody else's. */
static void
add(const char *name, const char *email, const char *more)
{
	char body[160];
	int64_t id;

	snprintf(body, sizeof(body), "{\"n\":%zu%s}", r.outbox->n_events + 1, more);
	id = fake_outbox_add(r.outbox, RIG_SITE, body);
	fake_outbox_event(r.outbox, id)->name = name;
	fake_outbox_event(r.outbox, id)->email = email;
}

static void
go(void)
{
	dispatcher_wake(r.dispatcher);
	rig_settle(&r);
}

/* Checks which events the next request carries, such as "2,5", and answers it. */
static void
expect(const char *numbers)
{
	char got[64] = "", *at = got;
	const char *p = rig_last_body(&r);

	while ((p = strstr(p, "\"n\":")) != NULL) {
		int n = (int)strtol(p + 4, NULL, 10);

		at +=
		    snprintf(at, sizeof(got) - (size_t)(at - got), "%s%d", at == got ? "" : ",", n);
		p++;
	}
	assert_string_equal(got, numbers);
	rig_answer(&r, 200, "{}");
}

static void
an_event_that_matches_passes_others(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		add("Page", NULL, "");
	add("Order", NULL, "");
	add("Refund 7", NULL, "");
	add("Orders", NULL, "");
	go();
	expect("5,6");
	expect("1,2,3");
	expect("4,7");
}

/* The order of a person holds, and nobody waits behind younger events. */
static void
older_events_of_its_person_go_with_it(void **state)
{
	(void)state;
	add("Page", "bob@example.com", "");
	add("Page", "ann@example.com", "");
	add("Page", "bob@example.com", "");
	add("Order", "Ann@Example.com", "");
	add("Page", "ann@example.com", "");
	go();
	expect("2,4");
	expect("1,3,5");
}

/* Event 3 says that the visitor a1 is u1; event 5 is of u1. */
static void
ids_join_people(void **state)
{
	(void)state;
	add("Page", NULL, ",\"anonymousId\":\"a1\"");
	add("Page", NULL, ",\"anonymousId\":\"a2\"");
	add("Page", NULL, ",\"anonymousId\":\"a1\",\"userId\":\"u1\"");
	add("Page", NULL, ",\"userId\":\"u2\"");
	add("Order", NULL, ",\"userId\":\"u1\"");
	go();
	expect("1,3,5");
	expect("2,4");
}

static void
more_than_a_batch_goes_in_order(void **state)
{
	(void)state;
	add("Page", NULL, "");
	for (int i = 0; i < 4; i++)
		add("Page", "ann@example.com", "");
	add("Order", "ann@example.com", "");
	go();
	expect("2,3,4");
	expect("5,6");
	expect("1");
}

static void
a_removed_body_is_passed_over(void **state)
{
	int64_t id;

	(void)state;
	add("Page", NULL, "");
	id = fake_outbox_add(r.outbox, RIG_SITE, NULL);
	fake_outbox_event(r.outbox, id)->name = "Order";
	add("Order", NULL, "");
	go();
	/* The scan ends at an event without a body, which is settled with the next batch. */
	expect("1,3");
	assert_string_equal(fake_outbox_event(r.outbox, 2)->reason, "body_removed");
}

static void
the_scan_has_an_end(void **state)
{
	(void)state;
	for (int i = 1; i < FIRST_LOOK; i++)
		add("Page", NULL, "");
	add("Order", NULL, "");
	add("Order", NULL, "");
	go();
	/* The event FIRST_LOOK is looked at, the next one is not: it comes up as others leave. */
	expect("10000");
	expect("10001");
	expect("1,2,3");
}

static void
without_a_match_the_order_is_that_of_arrival(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		add("Page", "ann@example.com", "");
	go();
	expect("1,2,3");
	expect("4");
}

static void
an_outbox_that_cannot_be_read_is_read_again(void **state)
{
	(void)state;
	add("Page", NULL, "");
	add("Order", NULL, "");
	r.outbox->unreadable = true;
	go();
	assert_int_equal(rig_requests(&r), 0);
	r.outbox->unreadable = false;
	rig_pass(&r, 60000);
	expect("2");
	expect("1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_that_matches_passes_others),
		TEST(older_events_of_its_person_go_with_it),
		TEST(ids_join_people),
		TEST(more_than_a_batch_goes_in_order),
		TEST(a_removed_body_is_passed_over),
		TEST(the_scan_has_an_end),
		TEST(without_a_match_the_order_is_that_of_arrival),
		TEST(an_outbox_that_cannot_be_read_is_read_again),
	};

	return cmocka_run_group_tests_name("first", tests, NULL, NULL);
}
