/* Import: lines are read from files, parsed, and stored with their history. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/lines/import_line.h"
#include "outbox/lines/line_reader.h"
#include "outbox/operate/import.h"
#include "unit/outbox/outbox_rig.h"

#define TIMES                                                                                      \
	"\"received_at\":\"1970-01-01T00:00:05.000Z\",\"occurred_at\":\"1970-01-01T00:00:04."      \
	"000Z\""
#define HEAD "{\"site\":\"main\",\"message_id\":\"m\",\"kind\":\"track\"," TIMES

#define NAME_64 "Store_1.north-00000000000000000000000000000000000000000000000000"

/* ---- the line ------------------------------------------------------------------------------- */

static void
a_line_comes_back_as_it_was_written(void **state)
{
	const struct import_line line = {
		.site = SLICE("main"),
		.message_id = SLICE("m \"1\""),
		.kind = KIND_IDENTIFY,
		.name = SLICE("n\xc3\xbc\n"),
		.email = SLICE("ann@example.com"),
		.status = STATUS_HELD,
		.reason = SLICE("operator"),
		.attempts = 3,
		.maybe_sent = 2,
		.received_at = 1785500000123,
		.occurred_at = 1785400000000,
		.via = SLICE("store-1"),
		.arrived_at = 1785500000999,
		.settled_at = 1785600000000,
		.error = SLICE("why"),
		.browser = 1,
		.context = SLICE("{\"a\": 1.0}"),
		.integrations = SLICE("[1]"),
		.sent_at = SLICE("\"x\""),
		.body = SLICE("{\"n\":12345678901234567890}"),
	};
	struct import_line got;
	struct buf text, scratch;
	struct err e;

	(void)state;
	buf_init(&text, 10000);
	buf_init(&scratch, 10000);
	import_line_append(&line, &text);
	assert_false(text.failed);
	assert_true(import_line_is_ours(buf_slice(&text)));
	assert_int_equal(import_line_parse(buf_slice(&text), &got, &scratch, &e), 0);
#define SAME(member) assert_true(slice_equals(got.member, line.member))
	SAME(site);
	SAME(message_id);
	SAME(name);
	SAME(email);
	SAME(reason);
	SAME(error);
	SAME(via);
	SAME(context);
	SAME(integrations);
	SAME(sent_at);
	SAME(body);
#undef SAME
	assert_int_equal(got.kind, line.kind);
	assert_int_equal(got.status, line.status);
	assert_int_equal(got.attempts, 3);
	assert_int_equal(got.maybe_sent, 2);
	assert_int_equal(got.received_at, line.received_at);
	assert_int_equal(got.occurred_at, line.occurred_at);
	assert_int_equal(got.arrived_at, line.arrived_at);
	assert_int_equal(got.settled_at, line.settled_at);
	assert_int_equal(got.browser, 1);
	buf_free(&text);
	buf_free(&scratch);
}

static void
what_cannot_be_stored_says_why(void **state)
{
	static const struct {
		const char *text;
		const char *why; /* NULL: the line is good */
	} rows[] = {
		{ HEAD ",\"status\":\"pending\",\"event_id\":1,\"http_status\":500,\"new\":[]}",
		    NULL },
		{ HEAD ",\"status\":\"pending\",\"name\":null,\"body\":null}", NULL },
		{ HEAD "}", "status" },
		{ HEAD ",\"status\":\"asleep\"}", "status" },
		{ HEAD ",\"status\":\"pending\",\"kind\":\"no\"}", "kind" },
		{ "{\"status\":\"held\",\"kind\":\"track\"," TIMES "}", "message_id" },
		{ "{\"status\":\"held\",\"kind\":\"track\",\"message_id\":\"m\"}", "received_at" },
		{ HEAD ",\"status\":\"held\",\"attempts\":-1}", "attempts" },
		{ HEAD ",\"status\":\"held\",\"attempts\":1.5}", "attempts" },
		{ HEAD ",\"status\":\"held\",\"maybe_sent\":\"1\"}", "maybe_sent" },
		{ HEAD ",\"status\":\"held\",\"maybe_sent\":9999999999999999}", "maybe_sent" },
		{ HEAD ",\"status\":\"held\",\"settled_at\":\"soon\"}", "settled_at" },
		{ HEAD ",\"status\":\"held\",\"arrived_at\":5}", "arrived_at" },
		{ HEAD ",\"status\":\"held\",\"via\":\"" NAME_64 "\"}", NULL },
		{ HEAD ",\"status\":\"held\",\"via\":\"" NAME_64 "x\"}", "via" },
		{ HEAD ",\"status\":\"held\",\"via\":\"\"}", "via" },
		{ HEAD ",\"status\":\"held\",\"via\":\"a b\"}", "via" },
		{ HEAD ",\"status\":\"held\",\"via\":\"a\\u0000b\"}", "via" },
		{ HEAD ",\"status\":\"held\",\"body\":\"text\"}", "body" },
		{ HEAD ",\"status\":\"held\",\"email\":1}", "email" },
		{ HEAD ",\"status\":\"held\",\"redacted\":5}", "redacted" },
		{ HEAD ",\"status\":\"held\"", "byte" },
		{ HEAD ",\"status\":\"held\"} x", "byte" },
		{ "[]", "byte" },
	};
	struct import_line line;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, 10000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = { .text = "" };
		int rc = import_line_parse(slice_from(rows[i].text), &line, &scratch, &e);

		if (rc != (rows[i].why == NULL ? 0 : -1)
		    || (rows[i].why != NULL && strstr(e.text, rows[i].why) == NULL))
			fail_msg("%s: %d, %s", rows[i].text, rc, e.text);
	}
	buf_free(&scratch);
}

static void
a_segment_call_is_not_an_outbox_line(void **state)
{
	(void)state;
	assert_true(import_line_is_ours(SLICE("{\"kind\":1,\"status\":2}")));
	assert_false(import_line_is_ours(SLICE("{\"kind\":1}")));
	assert_false(import_line_is_ours(SLICE("{\"status\":1}")));
	assert_false(import_line_is_ours(SLICE("{\"kind\":1,\"status\":2,\"type\":\"track\"}")));
	assert_false(import_line_is_ours(SLICE("{\"type\":\"track\",\"event\":\"x\"}")));
	assert_false(import_line_is_ours(SLICE("{\"kind\":1,\"status\":2")));
	assert_false(import_line_is_ours(SLICE("[1]")));
	assert_false(import_line_is_ours(SLICE("")));
}

/* ---- files ---------------------------------------------------------------------------------- */

static void
expect_lines(const char *text, size_t n, const char *const *want, size_t n_want)
{
	struct line_reader *l;
	struct slice line;
	struct err e;
	FILE *to = fopen(rig_dir.file, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(text, 1, n, to), n);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(line_reader_open(rig_dir.file, &l, &e), 0);
	for (size_t i = 0; i < n_want; i++) {
		assert_int_equal(line_reader_next(l, &line, &e), 1);
		if (want[i] == NULL)
			assert_null(line.p);
		else
			assert_true(slice_equals(line, slice_from(want[i])));
	}
	assert_int_equal(line_reader_next(l, &line, &e), 0);
	assert_int_equal(line_reader_next(l, &line, &e), 0);
	line_reader_close(l);
}

static void
files_are_read_line_by_line(void **state)
{
	static const char *const some[] = { "a", "", "b", "last" };
	static const char *const around[] = { "first", NULL, "behind" };
	size_t n = LINE_MAX_BYTES + 300000;
	char *large = malloc(n + 32);

	(void)state;
	assert_non_null(large);
	expect_lines("", 0, NULL, 0);
	expect_lines("a\n\r\nb\r\nlast", 11, some, 4);
	expect_lines("a\n\nb\nlast\n", 10, some, 4);
	memset(large, 'x', n + 32);
	memcpy(large, "first\n", 6);
	memcpy(large + n, "\nbehind\n", 8);
	expect_lines(large, n + 8, around, 3);
	expect_lines(large, n, around, 2);
	free(large);
}

/* ---- the message ---------------------------------------------------------------------------- */

static struct outbox_import message;

static int
import(const struct slice *lines, size_t n, int64_t operation)
{
	message = (struct outbox_import){
		.verb = "import",
		.actor = "ann",
		.lines = lines,
		.n_lines = n,
		.operation = operation,
	};
	return rig_send(&message.msg, OUTBOX_IMPORT);
}

static void
events_are_stored_with_their_history(void **state)
{
	const struct slice lines[] = {
		SLICE(HEAD
		    ",\"status\":\"pending\",\"attempts\":4,\"maybe_sent\":2,\"error\":\"why\","
		    "\"body\":{\"a\":1}}"),
		SLICE("{\"site\":\"main\",\"message_id\":\"f\",\"kind\":\"track\"," TIMES
		      ",\"status\":\"failed\",\"reason\":\"refused\","
		      "\"settled_at\":\"1970-01-01T00:00:09.000Z\",\"body\":{}}"),
		SLICE("{\"site\":\"main\",\"message_id\":\"d\",\"kind\":\"track\"," TIMES
		      ",\"status\":\"delivered\",\"body\":{}}"),
		SLICE("{\"site\":\"main\",\"message_id\":\"b\",\"kind\":\"track\"," TIMES
		      ",\"status\":\"discarded\"}"),
		SLICE(HEAD ",\"status\":\"pending\"}"),
		SLICE(HEAD ",\"status\":\"pending\",\"body\":{}}"),
		SLICE("{\"site\":\"none\",\"message_id\":\"s\",\"kind\":\"track\"," TIMES
		      ",\"status\":\"pending\",\"body\":{}}"),
	};
	int due = atomic_load(&rig_due_calls);

	(void)state;
	assert_int_equal(import(lines, 7, 0), 0);
	assert_int_equal(message.counts.stored, 2);
	assert_int_equal(message.counts.delivered, 1);
	assert_int_equal(message.counts.bodyless, 1);
	assert_int_equal(message.counts.duplicates, 1);
	assert_int_equal(message.counts.bad, 2);
	assert_int_equal(message.n_told, 2);
	assert_int_equal(message.told[0].line, 4);
	assert_int_equal(message.told[1].line, 6);
	assert_non_null(strstr(message.told[1].why, "\"none\""));
	assert_int_equal(
	    rig_number("SELECT count(*) FROM state WHERE status = 'pending' AND attempts = 4 AND "
		       "maybe_sent = 2 AND detail = 'why' AND settled_at IS NULL AND event_id = 1"),
	    1);
	assert_int_equal(rig_number("SELECT count(*) FROM state WHERE status = 'failed' AND "
				    "reason = 'refused' AND settled_at = 9000 AND event_id = 2"),
	    1);
	assert_int_equal(rig_number("SELECT count(*) FROM event WHERE received_at = 5000 AND "
				    "occurred_at = 4000"),
	    2);
	assert_int_equal(rig_number("SELECT count(*) FROM state"), 2);
	/* The dispatcher is woken before the writer looks at the next message. */
	assert_int_equal(import(NULL, 0, 0), 0);
	assert_true(atomic_load(&rig_due_calls) > due);
}

/* The epoch is a valid time; a time in the future is not trusted. */
static void
times_in_the_future_are_not_believed(void **state)
{
	const struct slice lines[] = {
		SLICE("{\"site\":\"main\",\"message_id\":\"0\",\"kind\":\"track\",\"status\":"
		      "\"pending\",\"received_at\":\"1970-01-01T00:00:00.000Z\",\"occurred_at\":"
		      "\"1970-01-01T00:00:00.000Z\",\"body\":{}}"),
		SLICE("{\"site\":\"main\",\"message_id\":\"1\",\"kind\":\"track\",\"status\":"
		      "\"pending\",\"received_at\":\"2999-01-01T00:00:00.000Z\",\"occurred_at\":"
		      "\"2999-01-01T00:00:00.000Z\",\"body\":{}}"),
	};

	struct import_line line, epoch = { .message_id = SLICE("0"), .kind = KIND_TRACK };
	struct buf to, scratch;
	struct err e;

	(void)state;
	buf_init(&to, 4096);
	buf_init(&scratch, 4096);
	import_line_append(&epoch, &to);
	assert_int_equal(import_line_parse(buf_slice(&to), &line, &scratch, &e), 0);
	buf_free(&to);
	buf_free(&scratch);
	assert_int_equal(import(lines, 2, 0), 0);
	assert_int_equal(message.counts.stored, 2);
	assert_int_equal(
	    rig_number("SELECT received_at = 0 AND occurred_at = 0 FROM event WHERE event_id = 1"),
	    1);
	assert_int_equal(rig_number("SELECT received_at BETWEEN 1 AND unixepoch() * 1000 + 999 "
				    "FROM event WHERE event_id = 2"),
	    1);
}

#define VIA_LINE(id, more)                                                                         \
	SLICE("{\"site\":\"main\",\"message_id\":\"" id "\",\"kind\":\"track\"," TIMES             \
	      ",\"status\":\"held\",\"body\":{}" more "}")
#define ARRIVED(second) ",\"arrived_at\":\"1970-01-01T00:00:" second ".000Z\""

static void
events_keep_the_box_and_their_arrival(void **state)
{
	const struct slice lines[] = {
		VIA_LINE("1", ",\"via\":\"store-1\"" ARRIVED("20")),
		VIA_LINE("2", ",\"via\":\"store-1\"" ARRIVED("20")),
		VIA_LINE("3", ",\"via\":\"store-1\"" ARRIVED("10")),
		VIA_LINE("1", ",\"via\":\"store-9\"" ARRIVED("20")),
		VIA_LINE("4", ",\"via\":\"store-2\"" ARRIVED("10")),
		VIA_LINE("5", ""),
		VIA_LINE("6", ",\"via\":\"store-2\""),
		VIA_LINE("7", ",\"via\":\"store-2\",\"arrived_at\":\"2999-01-01T00:00:00.000Z\""),
	};

	(void)state;
	assert_int_equal(import(lines, 8, 0), 0);
	assert_int_equal(message.counts.stored, 7);
	/* Neighbors of one arrival share a row. */
	assert_int_equal(rig_number("SELECT count(*) FROM via"), 5);
	assert_int_equal(
	    rig_number("SELECT first_event_id * 100 + last_event_id FROM via v JOIN box b "
		       "USING (box_id) WHERE b.name = 'store-1' AND arrived_at = 20000"),
	    102);
	assert_int_equal(rig_number("SELECT group_concat(coalesce(via, '-'), '') = "
				    "'store-1store-1store-1store-2-store-2store-2' FROM outbox"),
	    1);
	assert_int_equal(
	    rig_number(
		"SELECT events * 100 + first_seen_at / 1000 + last_seen_at / 100000000 FROM box "
		"WHERE name = 'store-1'"),
	    310);
	/* Without an arrival the receipt counts; one in the future is not believed. */
	assert_int_equal(rig_number("SELECT arrived_at FROM via WHERE first_event_id = 6"), 5000);
	assert_int_equal(rig_number("SELECT arrived_at BETWEEN 1 AND unixepoch() * 1000 + 999 "
				    "FROM via WHERE first_event_id = 7"),
	    1);
}

/* Statements about ids are accepted only from another outbox, not from a file. */
static void
a_file_brings_no_persons(void **state)
{
	const struct slice line = SLICE("{\"person\":{\"site\":\"main\",\"email\":\"a@b.cc\","
					"\"identified_at\":1,\"ids\":[[\"user\",\"u\"]]}}");

	(void)state;
	assert_int_equal(import(&line, 1, 0), 0);
	assert_int_equal(message.counts.bad, 1);
	assert_int_equal(rig_number("SELECT count(*) FROM identity"), 0);
}

/* Checks where each value of an event is stored, for a site without special settings. */
static void
values_of_the_batch_are_stored(void **state)
{
	const struct slice line =
	    SLICE("{\"site\":\"elsewhere\",\"message_id\":\"0\",\"kind\":\"track\"," TIMES
		  ",\"status\":\"pending\",\"browser\":1,\"context\":{\"c\":1},"
		  "\"integrations\":{\"i\":1},\"sent_at\":\"x\",\"body\":{}}");

	(void)state;
	message = (struct outbox_import){
		.verb = "import", .actor = "ann", .lines = &line, .n_lines = 1, .site = "main"
	};
	assert_int_equal(rig_send(&message.msg, OUTBOX_IMPORT), 0);
	assert_int_equal(message.counts.stored, 1);
	assert_int_equal(rig_number("SELECT e.browser = 1 AND v.context = '{\"c\":1}' AND "
				    "v.integrations = '{\"i\":1}' AND v.sent_at = '\"x\"' FROM "
				    "event e JOIN envelope v USING (envelope_id)"),
	    1);
	assert_int_equal(rig_number("SELECT filter = '{\"site\":\"main\"}' FROM operation"), 1);
}

static void
an_operation_counts_over_its_messages(void **state)
{
	const struct slice first = SLICE(HEAD ",\"status\":\"pending\",\"body\":{}}");
	const struct slice second =
	    SLICE("{\"site\":\"main\",\"message_id\":\"2\",\"kind\":\"track\"," TIMES
		  ",\"status\":\"pending\",\"body\":{}}");
	int64_t operation;

	(void)state;
	assert_int_equal(import(&first, 1, 0), 0);
	operation = message.operation_id;
	assert_true(operation > 0);
	assert_int_equal(import(&second, 1, operation), 0);
	assert_int_equal(message.operation_id, operation);
	assert_int_equal(import(&second, 1, operation), 0);
	assert_int_equal(rig_number("SELECT count(*) FROM operation"), 1);
	assert_int_equal(rig_number("SELECT events FROM operation WHERE verb = 'import'"), 2);
	assert_int_equal(import(&second, 1, 0), 0);
	assert_int_equal(message.operation_id, 0);
	assert_int_equal(rig_number("SELECT count(*) FROM operation"), 1);
}

static void
a_full_disk_stores_nothing(void **state)
{
	const struct slice line = SLICE(HEAD ",\"status\":\"pending\",\"body\":{}}");

	(void)state;
	rig_close();
	rig_min_free = UINT64_MAX / 2;
	rig_open();
	assert_int_equal(import(&line, 1, 0), -1);
	assert_int_equal(message.msg.err.code, ERR_FULL);
	assert_int_equal(rig_number("SELECT count(*) FROM event"), 0);
	rig_close();
	rig_min_free = 0;
	rig_open();
	assert_int_equal(import(&line, 1, 0), 0);
	assert_int_equal(message.counts.stored, 1);
}

static int
make_dir(void **state)
{
	(void)state;
	tempdir_make(&rig_dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	tempdir_remove(&rig_dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_comes_back_as_it_was_written),
		cmocka_unit_test(what_cannot_be_stored_says_why),
		cmocka_unit_test(a_segment_call_is_not_an_outbox_line),
		cmocka_unit_test_setup_teardown(files_are_read_line_by_line, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
		    events_are_stored_with_their_history, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    events_keep_the_box_and_their_arrival, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    times_in_the_future_are_not_believed, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_file_brings_no_persons, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    values_of_the_batch_are_stored, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_operation_counts_over_its_messages, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_full_disk_stores_nothing, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
