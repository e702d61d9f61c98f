/* dispatch/port/outbox_port on a real outbox: which events it gives, in which order, and when it
 * stops. */
#include "lib/unit.h"

#include <stdio.h>

#include "dispatch/port/outbox_port.h"
#include "unit/outbox/outbox_rig.h"

struct seen {
	int64_t ids[8];
	size_t n;
	size_t enough;
	char message_id[16]; /* of the last event */
};

static bool
note(void *arg, const struct outbox_event *event)
{
	struct seen *seen = arg;

	seen->ids[seen->n++] = event->event_id;
	snprintf(seen->message_id, sizeof(seen->message_id), "%.*s", (int)event->message_id.n,
	    event->message_id.p);
	return seen->n < seen->enough;
}

static struct outbox_port *
open_port(void)
{
	struct outbox_port *port;
	struct err e;

	if (outbox_port_open(rig_dir.file, rig_outbox, &port, &e) != 0)
		fail_msg("%s", e.text);
	return port;
}

static void
due_events_come_in_order_without_those_that_are_taken(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	struct outbox_port *port;
	struct seen seen = { .enough = 8 };
	struct due_query query = { .site_id = rig_site, .now = 1, .horizon = 2 };
	int64_t ids[5], taken[3];
	struct err e;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		ids[i] = rig_put_one(names[i]);
	/* one id does not exist in this outbox */
	taken[0] = ids[1];
	taken[1] = ids[3];
	taken[2] = ids[4] + 1000;
	query.taken = taken;
	query.n_taken = 3;
	port = open_port();
	assert_int_equal(port->due(port, &query, note, &seen, &e), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.ids[0], ids[0]);
	assert_int_equal(seen.ids[1], ids[2]);
	assert_int_equal(seen.ids[2], ids[4]);
	assert_string_equal(seen.message_id, "e");

	/* only events above an id */
	seen = (struct seen){ .enough = 8 };
	query.after = ids[0];
	assert_int_equal(port->due(port, &query, note, &seen, &e), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.ids[0], ids[2]);

	/* it stops once the callback has enough */
	seen = (struct seen){ .enough = 1 };
	assert_int_equal(port->due(port, &query, note, &seen, &e), 0);
	assert_int_equal(seen.n, 1);
	port->free(port);
}

static void
a_load_shows_what_is_there_and_sees_the_outbox_as_it_is(void **state)
{
	int64_t id = rig_put_one("a"), ids[] = { id + 1, id };
	struct outbox_port *port = open_port();
	struct seen seen = { .enough = 8 };
	struct err e;

	(void)state;
	assert_int_equal(port->load(port, ids, 2, note, &seen, &e), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.ids[0], id);
	/* an event that is stored after a load is seen by the next load */
	assert_int_equal(rig_put_one("b"), id + 1);
	assert_int_equal(port->load(port, ids, 2, note, &seen, &e), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.ids[1], id + 1);
	port->free(port);
}

static void
an_outbox_that_is_not_there_cannot_be_opened(void **state)
{
	struct outbox_port *port;
	struct err e;

	(void)state;
	assert_int_equal(outbox_port_open("/nothing/spool.db", rig_outbox, &port, &e), -1);
	assert_int_equal(e.code, ERR_NOTFOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    due_events_come_in_order_without_those_that_are_taken, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_load_shows_what_is_there_and_sees_the_outbox_as_it_is, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_outbox_that_is_not_there_cannot_be_opened, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
