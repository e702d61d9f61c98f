/* dispatch/port/outbox_port on a real outbox: which events it gives, in which order, and when it
 * stops. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "dispatch/port/outbox_port.h"
#include "unit/outbox/outbox_rig.h"

struct seen {
	int64_t ids[8];
	size_t n;
	size_t enough;
	char message_id[16]; /* of the last event */
	char contexts[256];  /* of all events, with a comma after each */
	const char *damage[8];
};

static bool
note(void *arg, const struct outbox_event *event)
{
	struct seen *seen = arg;

	seen->damage[seen->n] = event->damage;
	seen->ids[seen->n++] = event->event_id;
	snprintf(seen->message_id, sizeof(seen->message_id), "%.*s", (int)event->message_id.n,
	    event->message_id.p);
	snprintf(seen->contexts + strlen(seen->contexts),
	    sizeof(seen->contexts) - strlen(seen->contexts), "%.*s,", (int)event->context.n,
	    event->context.p == NULL ? "" : event->context.p);
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

/* Events 2 and 4 have a row in delivery, in the middle of a span: one that is settled, and one that
 * is due because of its row. */
static void
an_event_with_a_row_is_due_once_or_not_at_all(void **state)
{
	struct segment_event events[] = { rig_track("a"), rig_track("b"), rig_track("c"),
		rig_track("d"), rig_track("e") };
	struct due_query query = { .site_id = rig_site, .now = 1, .horizon = 2 };
	struct seen seen = { .enough = 8 };
	struct outbox_port *port;
	struct outbox_put put;
	struct err e;

	(void)state;
	events[1].status = STATUS_INVALID;
	events[1].reason = "event_not_defined";
	events[3].detail = "a detail is in the row";
	assert_int_equal(rig_put(events, 5, &put), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM span"), 1);
	assert_int_equal(rig_number("SELECT count(*) FROM delivery"), 2);
	port = open_port();
	/* twice: nothing is left of the first reading */
	for (int i = 0; i < 2; i++) {
		seen.n = 0;
		assert_int_equal(port->due(port, &query, note, &seen, &e), 0);
		assert_int_equal(seen.n, 4);
		assert_int_equal(seen.ids[0], put.first_event_id);
		assert_int_equal(seen.ids[1], put.first_event_id + 2);
		assert_int_equal(seen.ids[2], put.first_event_id + 3);
		assert_int_equal(seen.ids[3], put.first_event_id + 4);
	}
	port->free(port);
}

static void
put_with_context(const char *first, const char *second, const char *context)
{
	const struct segment_event events[] = { rig_track(first), rig_track(second) };
	struct outbox_put put = {
		.site_id = rig_site,
		.received_at = 2000,
		.context = context == NULL ? SLICE_NONE : slice_from(context),
		.events = events,
		.n_events = 2,
	};

	assert_int_equal(rig_send(&put.msg, OUTBOX_PUT), 0);
}

static void
each_event_has_the_context_of_its_own_batch(void **state)
{
	struct due_query query = { .site_id = rig_site, .now = 1, .horizon = 2 };
	struct seen seen = { .enough = 8 };
	struct outbox_port *port;
	struct err e;

	(void)state;
	put_with_context("a", "b", "{\"n\":1}");
	put_with_context("c", "d", NULL);
	put_with_context("e", "f", "{\"n\":2}");
	port = open_port();
	assert_int_equal(port->due(port, &query, note, &seen, &e), 0);
	assert_string_equal(seen.contexts, "{\"n\":1},{\"n\":1},,,{\"n\":2},{\"n\":2},");
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

static void
read_due(struct outbox_port *port, struct seen *seen)
{
	const struct due_query query = { .site_id = rig_site, .now = 5000, .horizon = 9000 };
	struct err e;

	*seen = (struct seen){ .enough = 8 };
	assert_int_equal(port->due(port, &query, note, seen, &e), 0);
}

/* Puts five events: a and b in a span, c in a row because of its detail, d and e with a batch. */
static void
put_five(void)
{
	struct segment_event events[] = { rig_track("a"), rig_track("b"), rig_track("c") };
	struct outbox_put put;

	events[2].detail = "a detail is in the row";
	assert_int_equal(rig_put(events, 3, &put), 0);
	assert_int_equal(put.first_event_id, 1);
	put_with_context("d", "e", "{\"n\":1}");
	rig_change(
	    "UPDATE delivery SET next_attempt_at = 4000, email = 'new@b.cc' WHERE event_id = 3");
}

/* Keeps the rows that a test changes. */
#define KEEP "CREATE TABLE was AS SELECT * FROM event; CREATE TABLE were AS SELECT * FROM envelope"
#define RESTORE                                                                                    \
	"INSERT OR REPLACE INTO event SELECT * FROM was; DROP TABLE was;"                          \
	"INSERT OR REPLACE INTO envelope SELECT * FROM were; DROP TABLE were"

/* Changes the file; the first n of the ids, and no others, are damaged then. */
static void
check_damage(const char *sql, size_t n, const int64_t *ids)
{
	struct outbox_port *port;
	struct seen seen;
	size_t at = 0;

	rig_change(KEEP);
	rig_change(sql);
	port = open_port();
	read_due(port, &seen);
	port->free(port);
	rig_change(RESTORE);
	assert_int_equal(seen.n, 5);
	for (size_t i = 0; i < seen.n; i++) {
		bool is_damaged = at < n && ids[at] == seen.ids[i];

		if (is_damaged != (seen.damage[i] != NULL))
			fail_msg("%s: event %d", sql, (int)seen.ids[i]);
		at += is_damaged;
	}
	assert_int_equal(at, n);
}

/* Event 2 is in a span, event 3 is delayed. */
static void
what_the_disk_changed_is_marked(void **state)
{
	static const char *const columns[] = { "message_id = 'x'", "name = 'x'", "kind = 'page'",
		"email = 'x@b.cc'", "body = body || ' '", "occurred_at = occurred_at + 1",
		"received_at = received_at + 1", "browser = 1 - browser", "name = NULL" };
	char sql[200];

	(void)state;
	put_five();
	check_damage("SELECT 1", 0, NULL);
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		for (int64_t id = 2; id <= 3; id++) {
			snprintf(sql, sizeof(sql), "UPDATE event SET %s WHERE event_id = %d",
			    columns[i], (int)id);
			check_damage(sql, 1, &id);
		}
	}
}

static void
events_whose_batch_was_changed_are_marked(void **state)
{
	static const int64_t ids[] = { 4, 5 };

	(void)state;
	put_five();
	check_damage("UPDATE envelope SET context = '{\"n\":2}' WHERE envelope_id = 4", 2, ids);
	check_damage("UPDATE envelope SET sent_at = 'x' WHERE envelope_id = 4", 2, ids);
	check_damage("DELETE FROM envelope WHERE envelope_id = 4", 2, ids);
	/* Retention leaves nothing that needs the batch. */
	check_damage("UPDATE event SET body = NULL, checksum = event_checksum(event_id, site_id,"
		     " message_id, kind, name, email, occurred_at, received_at, envelope_id,"
		     " browser, provisional, NULL) WHERE event_id >= 4;"
		     "UPDATE envelope SET context = NULL WHERE envelope_id = 4",
	    0, NULL);
}

static void
a_loaded_event_is_marked_too(void **state)
{
	const int64_t ids[] = { 1, 2 };
	struct outbox_port *port;
	struct seen seen = { .enough = 8 };
	struct err e;

	(void)state;
	put_five();
	rig_change(KEEP);
	rig_change("UPDATE event SET body = '{}' WHERE event_id = 1");
	port = open_port();
	assert_int_equal(port->load(port, ids, 2, note, &seen, &e), 0);
	assert_int_equal(seen.n, 2);
	assert_non_null(seen.damage[0]);
	assert_null(seen.damage[1]);
	port->free(port);
	rig_change(RESTORE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    due_events_come_in_order_without_those_that_are_taken, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_event_with_a_row_is_due_once_or_not_at_all, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    each_event_has_the_context_of_its_own_batch, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_load_shows_what_is_there_and_sees_the_outbox_as_it_is, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_outbox_that_is_not_there_cannot_be_opened, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_the_disk_changed_is_marked, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    events_whose_batch_was_changed_are_marked, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_loaded_event_is_marked_too, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
