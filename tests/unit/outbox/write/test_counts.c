/*
 * The counts of events: arrivals are counted many at a time, and status_count is right in between
 * (rig_check, also at the end of each test).
 */
#include "lib/unit.h"

#include <stdio.h>
#include <sys/stat.h>

#include "outbox/file/db.h"
#include "outbox/operate/upgrade.h"
#include "outbox/write/spans.h"
#include "unit/outbox/outbox_rig.h"

/* Events of the site in site_count; rig_check compares status_count with the events. */
static int64_t
counted(int64_t site_id)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "SELECT sum(events) FROM site_count WHERE site_id = %lld",
	    (long long)site_id);
	return rig_number(sql);
}

static void
arrivals_are_counted_many_at_a_time(void **state)
{
	(void)state;
	rig_put_many(rig_site, 1);
	/* After it the writer has done what it does after a start. */
	rig_begin((const int64_t[]){ 1 }, 1);
	assert_int_equal(counted(rig_site), 1);
	rig_put_many(rig_site, SPANS_COUNT_AT - 1);
	assert_int_equal(counted(rig_site), 1);
	rig_check();
	rig_put_many(rig_site, 1);
	assert_int_equal(counted(rig_site), 1 + SPANS_COUNT_AT);
	rig_put_many(rig_site, 1);
	rig_close();
	assert_int_equal(counted(rig_site), 1 + SPANS_COUNT_AT);
	rig_check();
	rig_open();
	rig_put_many(rig_site, 1);
	assert_int_equal(counted(rig_site), 3 + SPANS_COUNT_AT);
}

static long long
wal_bytes(void)
{
	char path[sizeof(rig_dir.file) + 8];
	struct stat st;

	snprintf(path, sizeof(path), "%s-wal", rig_dir.file);
	assert_int_equal(stat(path, &st), 0);
	return (long long)st.st_size;
}

/* The page of its row, and that of its envelope: no span, no count, no index. */
static void
a_single_event_writes_its_own_pages(void **state)
{
	long long before;

	(void)state;
	rig_put_many(rig_site, 1);
	rig_begin((const int64_t[]){ 1 }, 1);
	rig_put_many(rig_site, 1); /* begins a span */
	before = wal_bytes();
	rig_put_many(rig_site, 3);
	assert_int_equal(wal_bytes() - before, 3 * 2 * (8192 + 24));
}

/* Whatever may give events rows, or end an attempt, finds all of them counted. */
static void
other_messages_count_arrivals_first(void **state)
{
	struct outbox_attempt_end end;

	(void)state;
	rig_put_many(rig_site, 5);
	rig_begin((const int64_t[]){ 1, 2, 3 }, 3);
	assert_int_equal(counted(rig_site), 5);
	rig_put_many(rig_site, 3);
	assert_int_equal(counted(rig_site), 5);
	end = rig_end_of(rig_begin((const int64_t[]){ 7 }, 1), (const int64_t[]){ 7 }, 1);
	assert_int_equal(counted(rig_site), 8);
	end.status = STATUS_PENDING;
	end.outcome = OUTCOME_RETRY;
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	rig_check();
	rig_put_many(rig_site, 3);
	rig_close();
	rig_check();
	/* A start gives the events of the attempt rows, before it counts. */
	assert_int_equal(rig_open(), 1);
	rig_check();
	rig_put_many(rig_site, 1);
	assert_int_equal(counted(rig_site), 12);
}

/* An erasure in the copy gives the first event a row. */
static void
a_copy_is_counted_before_it_changes(void **state)
{
	struct segment_event event = rig_track("bob's");
	char copy[sizeof(rig_dir.file) + 8];
	struct outbox_put p;
	struct db db;
	struct err e;
	int64_t erased, wrong;

	(void)state;
	event.email = SLICE("bob@example.com");
	rig_put_many(rig_site, 1);
	rig_begin((const int64_t[]){ 1 }, 1);
	assert_int_equal(rig_put(&event, 1, &p), 0);
	rig_put_many(rig_site, 1);
	rig_close();
	assert_int_equal(counted(rig_site), 1);
	snprintf(copy, sizeof(copy), "%s.copy", rig_dir.file);
	assert_int_equal(db_open(&db, rig_dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&db, "INSERT INTO erasure VALUES (3, 'bob@example.com')", &e), 0);
	db_close(&db, NULL);
	if (outbox_upgrade_copy(rig_dir.file, copy, &erased, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(erased, 1);
	assert_int_equal(db_open(&db, copy, DB_READ, &e), 0);
	assert_int_equal(db_exec_int(&db,
			     "SELECT count(*) FROM (SELECT status, count(*) FROM state GROUP BY 1"
			     " EXCEPT SELECT status, events FROM status_count)",
			     &wrong, &e),
	    0);
	db_close(&db, NULL);
	outbox_upgrade_remove(copy);
	assert_int_equal(wrong, 0);
	rig_open();
}

static void
more_sites_than_places_are_counted(void **state)
{
	int64_t site;

	(void)state;
	for (site = 2; site <= SPANS_OPEN + 2; site++) {
		char sql[80];

		snprintf(sql, sizeof(sql), "INSERT INTO site (site_id, name) VALUES (%lld, %lld)",
		    (long long)site, (long long)site);
		rig_change(sql);
	}
	for (int round = 0; round < 3; round++)
		for (site = 1; site <= SPANS_OPEN + 2; site++)
			rig_put_many(site, 2);
	rig_check();
	rig_begin((const int64_t[]){ 1 }, 1);
	assert_int_equal(rig_number("SELECT sum(events) FROM site_count"), 6 * (SPANS_OPEN + 2));
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(arrivals_are_counted_many_at_a_time),
		TEST(a_single_event_writes_its_own_pages),
		TEST(other_messages_count_arrivals_first),
		TEST(a_copy_is_counted_before_it_changes),
		TEST(more_sites_than_places_are_counted),
	};

	return cmocka_run_group_tests_name("counts", tests, NULL, NULL);
}
