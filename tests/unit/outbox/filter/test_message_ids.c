/* Finding events by messageId: by the hash, among the recent events and in the levels. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/dedup/dedup.h"
#include "outbox/filter/message_ids.h"
#include "outbox/operate/operate.h"
#include "outbox/read/audit.h"
#include "outbox/read/audit_private.h"
#include "unit/outbox/outbox_rig.h"

#define BATCH 1000

/* Stores n events with the messageIds msg-1, msg-2, ... */
static void
put_many(int64_t from, int64_t to)
{
	static char names[BATCH][32];
	static struct segment_event events[BATCH];
	struct outbox_put p;

	for (int64_t i = from; i <= to; i += BATCH) {
		size_t n = 0;

		for (; n < BATCH && i + (int64_t)n <= to; n++) {
			snprintf(
			    names[n], sizeof(names[n]), "msg-%lld", (long long)i + (long long)n);
			events[n] = rig_track(names[n]);
		}
		assert_int_equal(rig_put(events, n, &p), 0);
	}
}

static struct outbox_audit *
open_audit(void)
{
	struct outbox_audit *a;
	struct err e;

	if (outbox_audit_open(rig_dir.file, &a, &e) != 0)
		fail_msg("%s", e.text);
	return a;
}

/* Runs SQL on a connection of its own. */
static void
change(const char *sql)
{
	struct db db;
	struct err e;

	if (db_open(&db, rig_dir.file, DB_WRITE, &e) != 0 || db_exec(&db, sql, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
	assert_int_equal(db_close(&db, &e), 0);
}

static void
note_first(void *arg, const struct audit_event *event)
{
	int64_t *found = arg;

	if (*found == 0)
		*found = event->event_id;
}

static void
expect(const char *message_id, int known, size_t n, int64_t first)
{
	struct outbox_audit *a = open_audit();
	struct audit_page page = { .rows = 10 };
	struct outbox_filter f;
	struct message_ids m;
	int64_t found = 0;
	struct err e;

	assert_int_equal(message_ids_find(&a->db, slice_from(message_id), &m, &e), known);
	message_ids_free(&m);
	/* The caller frees the ids in either case. */
	outbox_filter_init(&f);
	f.text[FILTER_MESSAGE_ID] = strdup(message_id);
	assert_int_equal(outbox_audit_list(a, &f, &page, note_first, &found, &e), 0);
	assert_int_equal(page.rows, n);
	assert_int_equal(found, first);
	outbox_filter_free(&f);
	outbox_audit_close(a);
}

static void
each_is_found_by_its_hash(void **state)
{
	const int64_t n = 3 * DEDUP_KEEP + 4 * BATCH;
	char last[32];

	(void)state;
	expect("msg-1", 1, 0, 0);
	put_many(1, n);
	/* Some have left the writer's memory. */
	assert_true(rig_number("SELECT count(*) FROM dedup_bucket") > 0);
	for (int64_t i = 1; i <= n; i += n / 40) {
		char text[32];

		snprintf(text, sizeof(text), "msg-%lld", (long long)i);
		expect(text, 1, 1, i);
	}
	expect("MSG-1", 1, 0, 0);
	expect("", 1, 0, 0);
	/* The old events are found in the levels, the newest event in memory. */
	rig_close();
	change("UPDATE dedup_level SET floor = 1999 WHERE level = 0");
	expect("msg-1", 1, 1, 1);
	expect("msg-1999", 1, 1, 1999);
	change("DELETE FROM dedup_bucket");
	expect("msg-1", 1, 0, 0);
	snprintf(last, sizeof(last), "msg-%lld", (long long)n);
	expect(last, 1, 1, n);
	/* Between them, events are found in the rows of their blocks. */
	expect("msg-100000", 1, 1, 100000);
	change("UPDATE dedup_recent SET entries = x'' WHERE block = 100000 >> 11");
	expect("msg-100000", 1, 0, 0);
	expect(last, 1, 1, n);
}

static void
each_site_has_its_own(void **state)
{
	struct segment_event event = rig_track("same");
	int64_t main_site = rig_site, other;
	struct outbox_put p;

	(void)state;
	rig_put_one("before");
	rig_put_one("same");
	rig_close();
	change("INSERT INTO site (name) VALUES ('other')");
	rig_open();
	other = rig_number("SELECT site_id FROM site WHERE name = 'other'");
	assert_int_not_equal(other, main_site);
	rig_site = other;
	assert_int_equal(rig_put(&event, 1, &p), 0);
	assert_int_equal(p.n_stored, 1);
	rig_site = main_site;
	expect("same", 1, 2, 2);
}

/* Two cases in which the hash cannot find an event: an erasure replaced an address in the
 * messageId, or the secret of the hash is lost. */
static void
what_the_hash_cannot_know_is_looked_for(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		rig_put_one((const char *[]){ "a", "b", "c" }[i]);
	rig_close();
	change(
	    "UPDATE event SET message_id = 'order-erased@erased.invalid' WHERE event_id < 3;"
	    "UPDATE event SET checksum = event_checksum(event_id, site_id, message_id, kind, name,"
	    " email, occurred_at, received_at, envelope_id, browser, provisional, body)");
	expect("order-erased@erased.invalid", 0, 2, 1);
	expect("erased@erased.invalid", 0, 0, 0);
	expect("c", 1, 1, 3);
	change("DELETE FROM meta WHERE key = 'dedup_secret'");
	expect("b", 0, 0, 0);
	expect("c", 0, 1, 3);
}

static int64_t
count(struct outbox_audit *a, const struct outbox_filter *f)
{
	int64_t n = -1;
	struct err e;

	if (outbox_audit_count(a, f, &n, &e) != 0)
		fail_msg("%s", e.text);
	return n;
}

static void
filters_name_what_was_found(void **state)
{
	struct outbox_filter f;
	struct outbox_audit *a;
	struct err e;

	(void)state;
	put_many(1, 20);
	a = open_audit();
	outbox_filter_init(&f);
	outbox_filter_set_text(&f, FILTER_MESSAGE_ID, "msg-7", &e);
	assert_int_equal(count(a, &f), 1);
	/* An event must match both criteria. */
	outbox_filter_add_id(&f, 8, &e);
	assert_int_equal(count(a, &f), 0);
	outbox_filter_add_id(&f, 7, &e);
	assert_int_equal(count(a, &f), 1);
	assert_int_equal(f.n_ids, 2);
	outbox_filter_free(&f);
	/* No event has this messageId; the filter must not select all events. */
	outbox_filter_set_text(&f, FILTER_MESSAGE_ID, "none", &e);
	assert_int_equal(count(a, &f), 0);
	outbox_filter_free(&f);
	outbox_audit_close(a);
}

static void
an_operation_takes_what_was_found(void **state)
{
	struct outbox_filter f;
	struct outbox_operation op = { .verb = OPERATE_HOLD, .filter = &f, .actor = "ann" };
	struct err e;

	(void)state;
	put_many(1, 20);
	outbox_filter_init(&f);
	outbox_filter_set_text(&f, FILTER_MESSAGE_ID, "msg-7", &e);
	assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	assert_int_equal(op.n_events, 1);
	assert_int_equal(rig_number("SELECT event_id FROM state WHERE status = 'held'"), 7);
	outbox_filter_free(&f);
	/* One step finds the event, however old it is. */
	rig_close();
	change("UPDATE meta SET value = 3000000 WHERE key = 'purged_to'");
	rig_open();
	rig_put_one("far");
	op = (struct outbox_operation){ .verb = OPERATE_HOLD, .filter = &f, .actor = "ann" };
	outbox_filter_set_text(&f, FILTER_MESSAGE_ID, "far", &e);
	assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	assert_int_equal(op.n_events, 1);
	assert_false(op.more);
	outbox_filter_free(&f);
	op = (struct outbox_operation){ .verb = OPERATE_HOLD, .filter = &f, .actor = "ann" };
	outbox_filter_set_text(&f, FILTER_MESSAGE_ID, "none", &e);
	assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	assert_int_equal(op.n_events, 0);
	outbox_filter_free(&f);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_is_found_by_its_hash),
		TEST(each_site_has_its_own),
		TEST(what_the_hash_cannot_know_is_looked_for),
		TEST(filters_name_what_was_found),
		TEST(an_operation_takes_what_was_found),
	};

	return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
