/* Retention: what it removes and when, and what it leaves alone. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "outbox/operate/purge.h"
#include "outbox/write/message_blocks.h"
#include "unit/outbox/handmade.h"

#define STEPS_MAX 10000 /* of one purge: more are no end */

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

static struct purge_limits
limits_none(void)
{
	struct purge_limits l;

	for (int i = 0; i < STATUS_COUNT; i++)
		l.payload_before[i] = l.rows_before[i] = PURGE_NEVER;
	return l;
}

/* Runs all steps; returns their number. */
static int
purge(struct outbox_purge *p)
{
	struct err e = { 0 };
	int steps = 0;

	p->actor = "test";
	do {
		handmade_sql(&box, "BEGIN IMMEDIATE");
		if (purge_step(&box.db, p, false, 1000000, &e) != 0)
			fail_msg("%s", e.text);
		handmade_sql(&box, "COMMIT");
		steps++;
		if (steps > STEPS_MAX)
			fail_msg("the purge does not end");
	} while (p->more);
	return steps;
}

static void
little_space_makes_small_steps(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l, .actor = "test" };
	struct err e;

	(void)state;
	for (int64_t id = 1; id <= PURGE_STEP_TIGHT + 1; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	l.payload_before[STATUS_DELIVERED] = INT64_MAX;
	assert_int_equal(purge_step(&box.db, &p, true, 1000000, &e), 0);
	assert_int_equal(p.n_payloads, PURGE_STEP_TIGHT);
	assert_true(p.more);
	assert_int_equal(purge_step(&box.db, &p, true, 1000000, &e), 0);
	assert_int_equal(p.n_payloads, PURGE_STEP_TIGHT + 1);
}

static void
payloads_go_after_their_time_and_no_sooner(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l };

	(void)state;
	/* each event is settled at id * 1000 + 500 */
	for (int64_t id = 1; id <= 5; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	handmade_event(&box, 6, "A", "a@b.cc", STATUS_FAILED, "refused");
	handmade_event(&box, 7, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box, "UPDATE delivery SET user_id = 'u', anonymous_id = 'a'");
	l.payload_before[STATUS_DELIVERED] = 3500;
	purge(&p);
	assert_int_equal(p.n_payloads, 2);
	assert_int_equal(p.n_rows, 0);
	assert_int_equal(
	    handmade_int(&box, "SELECT group_concat(event_id, '') FROM event WHERE body IS NULL"),
	    12);
	/* The ids of a person are removed with the body. */
	assert_int_equal(
	    handmade_int(&box, "SELECT count(user_id) + count(anonymous_id) FROM delivery"), 10);
	/* The audit stays. */
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM outbox WHERE email = 'a@b.cc'"), 7);
	l.payload_before[STATUS_DELIVERED] = 3501;
	p = (struct outbox_purge){ .limits = &l };
	purge(&p);
	assert_int_equal(p.n_payloads, 1);
	assert_int_equal(
	    handmade_int(&box, "SELECT body IS NULL FROM event WHERE event_id = 3"), 1);
	assert_int_equal(
	    handmade_int(&box, "SELECT body IS NULL FROM event WHERE event_id = 6"), 0);
}

/* The stored texts of messageIds, for the view `messages`, are removed with the rows. */
static void
message_ids_go_with_the_rows(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l };
	struct message_blocks blocks;
	struct err e;

	(void)state;
	assert_int_equal(message_blocks_open(&blocks, &box.db, 0, &e), 0);
	for (int64_t id = 1; id < EVENT_BLOCK_EVENTS; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	assert_int_equal(message_blocks_advance(&blocks, EVENT_BLOCK_EVENTS, &e), 0);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM message_chunk WHERE ids LIKE '%m-1001%'"), 1);
	l.rows_before[STATUS_DELIVERED] = 1001501;
	purge(&p);
	assert_int_equal(p.n_rows, 1001);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM message_chunk WHERE ids LIKE '%m-1001%'"), 0);
	assert_int_equal(
	    handmade_int(&box, "SELECT event_id FROM messages WHERE message_id = 'm-1002'"), 1002);
	/* So are their times and counts. */
	assert_int_equal(handmade_int(&box, "SELECT sum(events) FROM event_block_count"),
	    EVENT_BLOCK_EVENTS - 1002);
	assert_int_equal(
	    handmade_int(&box, "SELECT events FROM event_block"), EVENT_BLOCK_EVENTS - 1002);
	message_blocks_close(&blocks);
}

static void
pending_events_are_never_touched(void **state)
{
	struct purge_limits l;
	struct outbox_purge p = { .limits = &l };

	(void)state;
	for (int i = 0; i < STATUS_COUNT; i++)
		l.payload_before[i] = l.rows_before[i] = INT64_MAX;
	for (int i = 0; i < STATUS_COUNT; i++)
		handmade_event(&box, i + 1, "A", "a@b.cc", (enum event_status)i, NULL);
	purge(&p);
	assert_int_equal(p.n_rows, STATUS_COUNT - 1);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM event"), 1);
	assert_int_equal(handmade_int(&box, "SELECT body IS NOT NULL FROM outbox"), 1);
}

static void
rows_go_with_attempts_that_have_no_event_left(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l };

	(void)state;
	handmade_sql(&box,
	    "INSERT INTO mapping VALUES (1, '{}');"
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, events, bytes,"
	    " first_event_id, last_event_id, outcome) VALUES"
	    " (1, 1, 1, 0, 2, 9, 1, 2, 'delivered'), (2, 1, 1, 0, 2, 9, 2, 3, 'delivered'),"
	    " (3, 1, 1, 0, 1, 9, 1, 1, NULL);"
	    "INSERT INTO attempt_event (event_id, attempt_id) VALUES (1, 1), (2, 1), (2, 2), (3, "
	    "2), (1, 3);");
	for (int64_t id = 1; id <= 3; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	l.rows_before[STATUS_DELIVERED] = 3000;
	purge(&p);
	assert_int_equal(p.n_rows, 2);
	assert_int_equal(handmade_int(&box, "SELECT group_concat(event_id) FROM outbox"), 3);
	/* Attempt 1 has lost both events, 2 still has event 3, 3 is in flight. */
	assert_int_equal(
	    handmade_int(&box, "SELECT group_concat(attempt_id, '') FROM attempt"), 23);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM attempt_event"), 1);
	/* The duplicate detection may drop its entries up to this event. */
	assert_int_equal(handmade_int(&box, "SELECT value FROM meta WHERE key = 'purged_to'"), 2);
	assert_int_equal(
	    handmade_int(&box, "SELECT events FROM operation WHERE verb = 'purge'"), 2);
}

static void
an_envelope_stays_as_long_as_an_event_needs_it(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l };

	(void)state;
	handmade_sql(&box, "INSERT INTO envelope VALUES (5, '{\"a\":1}', NULL, '\"t\"', 2, 2, 0)");
	for (int64_t id = 1; id <= 2; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	handmade_sql(&box, "UPDATE event SET envelope_id = 5");
	l.payload_before[STATUS_DELIVERED] = 2000;
	purge(&p);
	assert_int_equal(handmade_int(&box, "SELECT context IS NOT NULL FROM envelope"), 1);
	l.payload_before[STATUS_DELIVERED] = 9000;
	p = (struct outbox_purge){ .limits = &l };
	purge(&p);
	assert_int_equal(handmade_int(&box, "SELECT context IS NULL FROM envelope"), 1);
	/* Removed rows are not counted again. */
	p = (struct outbox_purge){ .limits = &l };
	purge(&p);
	assert_int_equal(p.n_payloads, 0);
	l.rows_before[STATUS_DELIVERED] = 2000;
	p = (struct outbox_purge){ .limits = &l };
	purge(&p);
	assert_int_equal(handmade_int(&box, "SELECT events FROM envelope"), 1);
	l.rows_before[STATUS_DELIVERED] = 9000;
	p = (struct outbox_purge){ .limits = &l };
	purge(&p);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM envelope"), 0);
}

static void
add_many(int64_t n)
{
	char sql[800];

	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %lld)"
	    " INSERT INTO event (event_id, site_id, message_id, kind, occurred_at, received_at, "
	    "body)"
	    " SELECT i, 1, 'm' || i, 'track', i, i, printf('%%.*c', 300, 'x') FROM n;"
	    "INSERT INTO delivery (event_id, site_id, status, settled_at)"
	    " SELECT event_id, 1, 'delivered', event_id FROM event",
	    (long long)n);
	handmade_sql(&box, sql);
}

static void
a_pass_runs_in_steps_and_gives_space_back(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l };
	int64_t before;

	(void)state;
	handmade_sql(&box, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
	add_many(60001);
	before = handmade_int(&box, "PRAGMA page_count");
	/* One step for the last row, and one for the space. */
	assert_int_equal(purge(&p), 60000 / PURGE_SCAN + 2);
	l.rows_before[STATUS_DELIVERED] = 60000;
	p = (struct outbox_purge){ .limits = &l };
	assert_true(purge(&p) >= 60000 / PURGE_STEP);
	assert_int_equal(p.n_rows, 59999);
	assert_int_equal(handmade_int(&box, "SELECT events FROM operation"), 59999);
	assert_true(handmade_int(&box, "PRAGMA page_count") < before / 2);
}

/* Our schema always has incremental vacuum. Without it no page can be returned, and the pass ends.
 */
static void
a_pass_ends_where_no_space_can_be_given_back(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l };
	int64_t before;

	(void)state;
	assert_int_equal(handmade_int(&box, "PRAGMA auto_vacuum"), 0);
	add_many(10000);
	before = handmade_int(&box, "PRAGMA page_count");
	l.rows_before[STATUS_DELIVERED] = INT64_MAX;
	assert_true(purge(&p) < 10000 / PURGE_STEP + 5);
	assert_int_equal(p.n_rows, 10000);
	assert_true(handmade_int(&box, "PRAGMA freelist_count") > PURGE_VACUUM_PAGES);
	assert_int_equal(handmade_int(&box, "PRAGMA page_count"), before);
}

/* Adds events of sites 1 and 2 in turn, as spans. Those of site 1 are due, but for some in the
 * middle; those of site 2 were delivered by attempts that ended at 10, 20, 30, ... */
#define SPAN_EVENTS (20 * PURGE_SCAN)
#define SPAN (SPAN_EVENTS / 100)
static void
add_spans(void)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	    " INSERT INTO event (event_id, site_id, message_id, kind, name, email, occurred_at,"
	    " received_at, body)"
	    " SELECT i, 1 + i %% 2, 'm-' || i, 'track', 'A', 'a@b.cc', i, i, '{}' FROM n",
	    SPAN_EVENTS);
	handmade_sql(&box, "INSERT OR IGNORE INTO site (site_id, name) VALUES (1, 'a'), (2, 'b')");
	handmade_sql(&box, sql);
	snprintf(sql, sizeof(sql),
	    "INSERT INTO span VALUES (1, 1, %d, NULL), (1, %d, %d, 50), (1, %d, %d, NULL);",
	    50 * SPAN, 50 * SPAN + 1, 51 * SPAN, 51 * SPAN + 1, SPAN_EVENTS);
	handmade_sql(&box, sql);
	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
	    " INSERT INTO span SELECT 2, i * %d + 1, (i + 1) * %d, i + 1 FROM n",
	    SPAN, SPAN);
	handmade_sql(&box, sql);
	handmade_sql(&box,
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at, events,"
	    " first_event_id, last_event_id, bytes, outcome)"
	    " SELECT attempt_id, 2, 1, 1, attempt_id * 10, 1, first_event_id, last_event_id, 1,"
	    " 'delivered' FROM span WHERE site_id = 2");
}

static void
spans_that_stay_are_not_read(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l, .dry_run = true };

	(void)state;
	add_spans();
	/* One step finds that there is nothing. */
	assert_int_equal(purge(&p), 1);
	l.payload_before[STATUS_DELIVERED] = 10;
	p = (struct outbox_purge){ .limits = &l, .dry_run = true };
	assert_int_equal(purge(&p), 1);
	/* The first five attempts, and number 50, which has events of both sites. */
	handmade_sql(&box, "UPDATE attempt SET finished_at = 45 WHERE attempt_id = 50");
	l.rows_before[STATUS_DELIVERED] = 51;
	p = (struct outbox_purge){ .limits = &l };
	assert_true(purge(&p) < 20);
	assert_int_equal(p.n_rows, 7 * SPAN / 2);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM event"), SPAN_EVENTS - 7 * SPAN / 2);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM state WHERE settled_at < 51"), 0);
	/* Events with a row of their own are found between the spans. */
	handmade_sql(&box,
	    "INSERT INTO delivery (event_id, site_id, status, settled_at)"
	    " SELECT event_id, site_id, 'failed', 7 FROM event WHERE event_id IN (10001, 20000)");
	l.rows_before[STATUS_FAILED] = 8;
	p = (struct outbox_purge){ .limits = &l };
	purge(&p);
	assert_int_equal(p.n_rows, 2);
}

static void
a_dry_run_counts_and_changes_nothing(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l, .dry_run = true };

	(void)state;
	add_many(1200);
	l.payload_before[STATUS_DELIVERED] = 1000;
	l.rows_before[STATUS_DELIVERED] = 500;
	purge(&p);
	assert_int_equal(p.n_rows, 499);
	assert_int_equal(p.n_payloads, 999);
	assert_int_equal(handmade_int(&box, "SELECT count(body) FROM event"), 1200);
	assert_int_equal(handmade_int(&box, "SELECT count(*) FROM operation"), 0);
}

/* Counts the lines of all gzip members, and copies the first. */
static int
read_archive(char *first, size_t size)
{
	char path[200], line[4096]; /* a longer line comes in pieces */
	bool begins = true;
	gzFile file;
	int n = 0;

	snprintf(path, sizeof(path), "%s/spool-1970-01-01.ndjson.gz", box.folder);
	file = gzopen(path, "r");
	assert_non_null(file);
	while (gzgets(file, line, sizeof(line)) != NULL) {
		if (n == 0 && begins)
			snprintf(first, size, "%s", line);
		begins = strchr(line, '\n') != NULL;
		n += begins;
	}
	gzclose(file);
	unlink(path);
	return n;
}

static void
what_is_removed_is_archived_first(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l, .archive = box.folder };
	char first[4096];

	(void)state;
	add_many(1200);
	handmade_sql(&box, "UPDATE event SET name = 'A \"b\"', email = 'a@b.cc',"
			   " body = '{\"n\":\n1.10}' WHERE event_id = 1");
	l.payload_before[STATUS_DELIVERED] = 1001;
	purge(&p);
	assert_int_equal(p.n_payloads, 1000);
	assert_int_equal(read_archive(first, sizeof(first)), 1000);
	assert_string_equal(first,
	    "{\"event_id\":1,\"site\":\"main\",\"message_id\":\"m1\",\"kind\":\"track\","
	    "\"name\":\"A \\\"b\\\"\",\"email\":\"a@b.cc\",\"status\":\"delivered\",\"attempts\":0,"
	    "\"maybe_sent\":0,\"received_at\":\"1970-01-01T00:00:00.001Z\","
	    "\"occurred_at\":\"1970-01-01T00:00:00.001Z\","
	    "\"settled_at\":\"1970-01-01T00:00:00.001Z\",\"body\":{\"n\": 1.10}}\n");
}

/* The archive takes no further event in a step once its lines have 8 MiB. */
static void
large_bodies_end_a_step_early_and_none_is_left_out(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l, .archive = box.folder, .actor = "test" };
	char first[4096];
	struct err e;

	(void)state;
	handmade_sql(&box, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
	add_many(20);
	handmade_sql(&box, "UPDATE event SET body = '\"' || printf('%.*c', 1048576, 'x') || '\"'");
	l.payload_before[STATUS_DELIVERED] = 1000;
	handmade_sql(&box, "BEGIN IMMEDIATE");
	assert_int_equal(purge_step(&box.db, &p, false, 1000000, &e), 0);
	handmade_sql(&box, "COMMIT");
	assert_int_equal(p.n_payloads, 8);
	assert_true(p.more);
	purge(&p);
	assert_int_equal(p.n_payloads, 20);
	assert_int_equal(handmade_int(&box, "SELECT count(body) FROM event"), 0);
	assert_int_equal(read_archive(first, sizeof(first)), 20);
}

static void
an_archive_that_cannot_be_written_keeps_the_events(void **state)
{
	struct purge_limits l = limits_none();
	struct outbox_purge p = { .limits = &l, .archive = "/nonexistent/folder", .actor = "test" };
	struct err e = { 0 };

	(void)state;
	add_many(10);
	l.rows_before[STATUS_DELIVERED] = 100;
	assert_int_equal(purge_step(&box.db, &p, false, 0, &e), -1);
	/* The failure affects this message only: others in the transaction succeed. */
	assert_int_equal(e.code, ERR_STATE);
	assert_int_equal(handmade_int(&box, "SELECT count(body) FROM event"), 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    little_space_makes_small_steps, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    payloads_go_after_their_time_and_no_sooner, make_box, remove_box),
		cmocka_unit_test_setup_teardown(message_ids_go_with_the_rows, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    pending_events_are_never_touched, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    rows_go_with_attempts_that_have_no_event_left, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    an_envelope_stays_as_long_as_an_event_needs_it, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    a_pass_runs_in_steps_and_gives_space_back, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    a_pass_ends_where_no_space_can_be_given_back, make_box, remove_box),
		cmocka_unit_test_setup_teardown(spans_that_stay_are_not_read, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    a_dry_run_counts_and_changes_nothing, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    what_is_removed_is_archived_first, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    large_bodies_end_a_step_early_and_none_is_left_out, make_box, remove_box),
		cmocka_unit_test_setup_teardown(
		    an_archive_that_cannot_be_written_keeps_the_events, make_box, remove_box),
	};

	return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
