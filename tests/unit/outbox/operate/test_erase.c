/* Erasure reaches each place that quotes a person, and the stored texts of messageIds. */
#include "lib/unit.h"

#include <stdio.h>

#include "outbox/filter/message_ids.h"
#include "outbox/operate/erase.h"
#include "outbox/write/message_blocks.h"
#include "unit/outbox/handmade.h"

static struct handmade box;

static int
make_box(void **state)
{
	(void)state;
	handmade_create(&box);
	return 0;
}

static int
remove_box(void **state)
{
	(void)state;
	handmade_remove(&box);
	return 0;
}

static void
erase(const char *email)
{
	struct outbox_erase erase = { .email = email, .actor = "ann" };
	struct err e;

	do {
		handmade_sql(&box, "BEGIN IMMEDIATE");
		if (erase_step(&box.db, &erase, 2000, &e) != 0)
			fail_msg("%s", e.text);
		handmade_sql(&box, "COMMIT");
	} while (erase.more);
}

static void
message_ids_are_erased_in_their_blocks(void **state)
{
	struct message_blocks blocks;
	struct err e;

	(void)state;
	assert_int_equal(message_blocks_open(&blocks, &box.db, 0, &e), 0);
	for (int64_t id = 1; id <= 3 * EVENT_BLOCK_EVENTS; id += 512)
		handmade_event(
		    &box, id, "A", id == 1 ? "a@b.cc" : "x@y.zz", STATUS_DELIVERED, NULL);
	/* The person's own event, and another's, with and without a change of its block. */
	handmade_sql(&box, "UPDATE event SET message_id = 'order/a@b.cc/' || event_id "
			   "WHERE event_id IN (1, 513, 2561, 4609)");
	for (int64_t block = 1; block <= 3; block++)
		assert_int_equal(
		    message_blocks_advance(&blocks, block * EVENT_BLOCK_EVENTS, &e), 0);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM message_chunk WHERE ids LIKE '%a@b.cc%'"), 3);
	assert_int_equal(
	    handmade_int(&box, "SELECT sum(length(entries)) / 4 FROM event_address"), 12);
	erase("a@b.cc");
	/* The hash of the address is gone, too. */
	assert_int_equal(
	    handmade_int(&box, "SELECT sum(length(entries)) / 4 FROM event_address"), 11);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM message_chunk WHERE ids LIKE '%a@b.cc%'"
			       " OR first LIKE '%a@b.cc%'"),
	    0);
	assert_int_equal(handmade_int(&box, "SELECT event_id FROM messages WHERE message_id = "
					    "'order/" ERASE_WORD "/2561'"),
	    2561);
	assert_int_equal(
	    handmade_int(&box, "SELECT event_id FROM messages WHERE message_id = 'm-1025'"), 1025);
	message_blocks_close(&blocks);
}

/* ---- quotes ---------------------------------------------------------------------------------- */

/* Events 1 to 3: another person's that quotes the address everywhere, the person's own, and one
 * that has nothing to do with it. */
static void
fill_with_quotes(void)
{
	handmade_event(&box, 1, "for a@b.cc", "x@y.zz", STATUS_FAILED, "refused");
	handmade_event(&box, 2, "mine", "A@b.cc", STATUS_PENDING, NULL);
	handmade_event(&box, 3, "other", "x@y.zz", STATUS_PENDING, NULL);
	handmade_sql(&box,
	    "INSERT INTO envelope (envelope_id, context, integrations, checksum) VALUES"
	    " (1, '{\"of\":\"a@b.cc\"}', NULL, 0), (2, '{}', '{\"of\":\"a@b.cc\"}', 0),"
	    " (3, '{}', '{}', 0);"
	    "UPDATE event SET envelope_id = event_id;"
	    "UPDATE event SET body = '{\"friend\":\"a@b.cc\"}', message_id = 'a@b.cc' WHERE"
	    " event_id = 1;"
	    "UPDATE delivery SET detail = 'Bento refused a@b.cc', user_id = 'a@b.cc',"
	    " anonymous_id = 'n-1' WHERE event_id = 1;"
	    "UPDATE delivery SET user_id = 'u-3', anonymous_id = 'a@b.cc' WHERE event_id = 3;"
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, events,"
	    " first_event_id, last_event_id, bytes, error, response) VALUES"
	    " (1, 1, 0, 1, 1, 1, 1, 1, 'a@b.cc is unknown', NULL),"
	    " (2, 1, 0, 1, 1, 3, 3, 1, NULL, '{\"bad\":\"a@b.cc\"}'),"
	    " (3, 1, 0, 1, 1, 3, 3, 1, 'other', '{}');"
	    "INSERT INTO operation (at, actor, verb, filter, note) VALUES"
	    " (1, 'ann', 'hold', '{\"email\":\"a@b.cc\"}', 'x'),"
	    " (1, 'ann', 'hold', '{}', 'a@b.cc asked for it'), (1, 'ann', 'hold', '{}', NULL);"
	    "INSERT INTO identity (site_id, kind, id, user_id, email, taught) VALUES"
	    " (1, 'user', 'u-1', NULL, 'a@b.cc', 1), (1, 'anonymous', 'a@b.cc', NULL, NULL, 1),"
	    " (1, 'anonymous', 'n-2', 'a@b.cc', NULL, 1), (1, 'device', 'd-1', NULL, 'a@b.cc', 1),"
	    " (1, 'user', 'u-2', NULL, 'x@y.zz', 1);");
	handmade_seal(&box);
}

/* How many rows of a table quote the address. */
static int64_t
quotes_in(const char *table, const char *columns)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE json_array(%s) LIKE '%%a@b.cc%%'",
	    table, columns);
	return handmade_int(&box, sql);
}

static int64_t
quotes_in_all(void)
{
	return quotes_in("event", "name, message_id, body, email")
	       + quotes_in("delivery", "detail, user_id, anonymous_id")
	       + quotes_in("envelope", "context, integrations")
	       + quotes_in("attempt", "error, response") + quotes_in("operation", "filter, note")
	       + quotes_in("identity", "id, user_id, email");
}

#define QUOTES (2 + 2 + 2 + 2 + 2 + 4)

static void
quotes_are_erased_everywhere(void **state)
{
	(void)state;
	fill_with_quotes();
	assert_int_equal(quotes_in_all(), QUOTES);
	erase("a@b.cc");
	assert_int_equal(quotes_in_all(), 0);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM identity"), 1);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM event WHERE event_id = 1 AND body"
					    " = '{\"friend\":\"" ERASE_WORD "\"}'"),
	    1);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM event WHERE event_id = 3 AND"
					    " body = '{\"type\":\"track\"}' AND name = 'other'"),
	    1);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM delivery WHERE event_id = 1 AND"
					    " detail = 'Bento refused " ERASE_WORD "'"),
	    1);
	/* The person's own event is not sent. */
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM delivery WHERE status = 'discarded'"), 1);
	assert_int_equal(
	    handmade_int(&box, "SELECT events FROM operation WHERE verb = 'erase'"), 1);
}

static void
a_dry_run_counts_and_changes_nothing(void **state)
{
	struct outbox_erase dry = { .email = "a@b.cc", .actor = "ann", .dry_run = true };
	struct err e;

	(void)state;
	fill_with_quotes();
	do
		assert_int_equal(erase_step(&box.db, &dry, 2000, &e), 0);
	while (dry.more);
	assert_int_equal(dry.n_events, 1);
	assert_int_equal(dry.n_discarded, 1);
	/* identities 4, events 1, envelopes 2, attempts 2, operations 2 */
	assert_int_equal(dry.n_quotes, 11);
	assert_int_equal(dry.operation_id, 0);
	assert_int_equal(quotes_in_all(), QUOTES);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM operation WHERE verb = 'erase'"), 0);
}

/* What came after a delete call stays, and so does what was taught after it. */
static void
a_delete_call_erases_what_came_before_it(void **state)
{
	struct outbox_erase asked = { .actor = "delete call" };
	struct err e;

	(void)state;
	fill_with_quotes();
	handmade_event(&box, 4, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box,
	    "INSERT INTO erasure VALUES (2, 'a@b.cc');"
	    "INSERT INTO envelope (envelope_id, context, checksum) VALUES (4, 'a@b.cc', 0);"
	    "UPDATE event SET envelope_id = 4 WHERE event_id = 4;"
	    "UPDATE identity SET taught = 4 WHERE kind = 'device'");
	handmade_seal(&box);
	do
		assert_int_equal(erase_step(&box.db, &asked, 2000, &e), 0);
	while (asked.more);
	assert_false(asked.none);
	assert_int_equal(asked.n_events, 1);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM erasure"), 0);
	assert_int_equal(quotes_in("event", "email"), 1);
	assert_int_equal(quotes_in("envelope", "context"), 1);
	assert_int_equal(quotes_in("identity", "email"), 1);
	asked = (struct outbox_erase){ .actor = "delete call" };
	assert_int_equal(erase_step(&box.db, &asked, 2000, &e), 0);
	assert_true(asked.none);
}

static void
an_address_that_is_none_is_refused(void **state)
{
	struct outbox_erase none = { .email = "nobody", .actor = "ann" };
	struct outbox_erase asked = { .actor = "delete call" };
	struct err e;

	(void)state;
	assert_int_equal(erase_step(&box.db, &none, 2000, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	/* A delete call with such an address is done at once. */
	handmade_sql(&box, "INSERT INTO erasure VALUES (2, 'nobody')");
	assert_int_equal(erase_step(&box.db, &asked, 2000, &e), 0);
	assert_false(asked.more);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM erasure"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    message_ids_are_erased_in_their_blocks, make_box, remove_box),
		cmocka_unit_test_setup_teardown(quotes_are_erased_everywhere, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    a_dry_run_counts_and_changes_nothing, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    a_delete_call_erases_what_came_before_it, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    an_address_that_is_none_is_refused, make_box, remove_box),
	};

	return cmocka_run_group_tests_name("erase", tests, NULL, NULL);
}
