/* The audit: the reads of status, list and show. */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outbox/read/audit.h"
#include "unit/outbox/handmade.h"

static struct handmade box;
static struct outbox_audit *audit;

static int
open_box(void **state)
{
	struct err e = { 0 };

	(void)state;
	handmade_create(&box);
	if (outbox_audit_open(box.path, &audit, &e) != 0)
		fail_msg("%s", e.text);
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

static void
add_attempt(int64_t id, int64_t site, const char *end)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, events, bytes,"
	    " first_event_id, last_event_id, finished_at, duration_ms, http_status, outcome, error,"
	    " response) VALUES (%d, %d, 1, %d, 2, 300, 1, 2, %s)",
	    (int)id, (int)site, (int)id * 100, end);
	handmade_sql(&box, sql);
}

static void
audit_reads_the_state_of_each_site(void **state)
{
	struct audit_site *sites;
	struct err e;
	size_t n;

	(void)state;
	handmade_sql(&box,
	    "INSERT INTO site (site_id, name, mode, reason, next_attempt_at, failures)"
	    " VALUES (2, 'shop', 'backoff', 'http_503', 99000, 3);"
	    "INSERT INTO mapping VALUES (1, '{\"unique_key\":true}')");
	handmade_event(&box, 1, "A", "a@b.cc", STATUS_DELIVERED, NULL);
	handmade_event(&box, 2, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_event(&box, 3, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_event(&box, 4, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box, "UPDATE delivery SET site_id = 2 WHERE event_id = 2;"
			   "UPDATE delivery SET maybe_sent = 2 WHERE event_id = 3;"
			   "UPDATE delivery SET next_attempt_at = 5 WHERE event_id = 3");
	add_attempt(7, 1, "750, 50, 200, 'delivered', NULL, 'ok'");
	add_attempt(8, 1, "NULL, NULL, NULL, NULL, NULL, NULL");
	add_attempt(9, 2, "950, 50, 503, 'retry', 'try later', ''");
	assert_int_equal(outbox_audit_sites(audit, &sites, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(sites[0].name, "main");
	assert_int_equal(sites[0].mode, OUTBOX_SITE_READY);
	assert_int_equal(sites[0].counts[STATUS_DELIVERED], 1);
	assert_int_equal(sites[0].counts[STATUS_PENDING], 2);
	assert_int_equal(sites[0].maybe_sent, 1);
	/* The oldest pending event, although another one is due earlier. */
	assert_int_equal(sites[0].oldest_pending_id, 3);
	assert_int_equal(sites[0].oldest_pending_at, 3000);
	assert_int_equal(sites[0].last_attempt_id, 8);
	assert_string_equal(sites[0].last_outcome, "");
	assert_int_equal(sites[1].mode, OUTBOX_SITE_BACKOFF);
	assert_string_equal(sites[1].reason, "http_503");
	assert_int_equal(sites[1].next_attempt_at, 99000);
	assert_int_equal(sites[1].failures, 3);
	assert_int_equal(sites[1].counts[STATUS_PENDING], 1);
	assert_int_equal(sites[1].last_http_status, 503);
	assert_string_equal(sites[1].last_outcome, "retry");
	assert_string_equal(sites[1].last_error, "try later");
	free(sites);
}

static void
audit_counts_pending_events(void **state)
{
	int64_t n = -1;

	(void)state;
	assert_int_equal(outbox_audit_pending(audit, &n, NULL), 0);
	assert_int_equal(n, 0);
	handmade_event(&box, 1, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_event(&box, 2, "A", "a@b.cc", STATUS_FAILED, NULL);
	handmade_event(&box, 3, "A", "a@b.cc", STATUS_PENDING, NULL);
	assert_int_equal(outbox_audit_pending(audit, &n, NULL), 0);
	assert_int_equal(n, 2);
}

static void
note_id(void *arg, const struct audit_event *event)
{
	int *set = arg;

	*set = *set * 10 + (int)event->event_id;
}

static void
audit_lists_in_pages(void **state)
{
	struct audit_page page = { .rows = 2 };
	struct outbox_filter f;
	struct err e;
	int ids = 0;

	(void)state;
	for (int i = 1; i <= 5; i++)
		handmade_event(&box, i, "A", "a@b.cc", STATUS_PENDING, NULL);
	outbox_filter_init(&f);
	assert_int_equal(outbox_audit_list(audit, &f, &page, note_id, &ids, &e), 0);
	assert_int_equal(ids, 12);
	assert_int_equal(page.rows, 2);
	page.rows = 9;
	assert_int_equal(outbox_audit_list(audit, &f, &page, note_id, &ids, &e), 0);
	assert_int_equal(ids, 12345);
	assert_int_equal(page.rows, 3);
	assert_int_equal(outbox_audit_list(audit, &f, &page, note_id, &ids, &e), 0);
	assert_int_equal(page.rows, 0);
	page = (struct audit_page){ .newest = true, .rows = 3 };
	ids = 0;
	assert_int_equal(outbox_audit_list(audit, &f, &page, note_id, &ids, &e), 0);
	page.rows = 3;
	assert_int_equal(outbox_audit_list(audit, &f, &page, note_id, &ids, &e), 0);
	assert_int_equal(ids, 54321);
}

static void
count_event(void *arg, const struct audit_event *event)
{
	int *n = arg;

	assert_int_equal(event->event_id, ++*n);
}

static void
audit_bounds_a_page(void **state)
{
	struct audit_page page = { .rows = AUDIT_PAGE_MAX + 1 };
	struct outbox_filter f;
	struct err e;
	int n = 0;

	(void)state;
	handmade_sql(&box, "BEGIN");
	for (int i = 1; i <= AUDIT_PAGE_MAX + 1; i++)
		handmade_event(&box, i, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box, "COMMIT");
	outbox_filter_init(&f);
	assert_int_equal(outbox_audit_list(audit, &f, &page, count_event, &n, &e), 0);
	assert_int_equal(page.rows, AUDIT_PAGE_MAX);
}

static void
a_finished_page_pins_nothing(void **state)
{
	struct audit_page page = { .rows = 1 };
	struct outbox_filter f;
	struct err e;
	int ids = 0;

	(void)state;
	handmade_event(&box, 1, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_event(&box, 2, "A", "a@b.cc", STATUS_PENDING, NULL);
	outbox_filter_init(&f);
	assert_int_equal(outbox_audit_list(audit, &f, &page, note_id, &ids, &e), 0);
	handmade_sql(&box, "PRAGMA busy_timeout = 0");
	assert_int_equal(handmade_int(&box, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
}

static void
check_event(void *arg, const struct audit_event *event)
{
	int *calls = arg;

	++*calls;
	assert_true(SLICE_IS(event->site, "main"));
	assert_true(SLICE_IS(event->message_id, "m-3"));
	assert_true(SLICE_IS(event->kind, "track"));
	assert_true(SLICE_IS(event->email, "new@b.cc"));
	assert_true(SLICE_IS(event->status, "pending"));
	assert_true(SLICE_IS(event->body, "{\"type\":\"track\"}"));
	assert_true(SLICE_IS(event->context, "{\"ip\":1}"));
	assert_null(event->reason.p);
	assert_int_equal(event->attempts, 4);
	assert_int_equal(event->received_at, 3000);
	assert_int_equal(event->next_attempt_at, 88000);
	assert_int_equal(event->http_status, 503);
	assert_true(SLICE_IS(event->error, "try later"));
}

static void
note_attempt(void *arg, const struct audit_attempt *attempt)
{
	int *set = arg;

	*set = *set * 10 + (int)attempt->attempt_id;
	assert_int_equal(attempt->events, 2);
	assert_true(SLICE_IS(attempt->mapping, "{\"unique_key\":true}"));
	assert_true(SLICE_IS(attempt->endpoint, "events"));
	assert_true(attempt->attempt_id == 8 ? attempt->outcome.p == NULL
					     : SLICE_IS(attempt->outcome, "retry"));
}

static void
note_operation(void *arg, const struct audit_operation *operation)
{
	int *calls = arg;

	++*calls;
	assert_true(SLICE_IS(operation->actor, "ann"));
	assert_true(SLICE_IS(operation->verb, "requeue"));
	assert_true(SLICE_IS(operation->status, "failed"));
}

static void
audit_shows_one_event_with_its_history(void **state)
{
	int calls = 0, attempts = 0, operations = 0;
	struct err e;

	(void)state;
	handmade_event(&box, 3, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box,
	    "INSERT INTO mapping VALUES (1, '{\"unique_key\":true}');"
	    "INSERT INTO envelope VALUES (4, '{\"ip\":1}', NULL, NULL, 1, 1, 0);"
	    "UPDATE event SET envelope_id = 4;"
	    "UPDATE site SET mode = 'backoff', next_attempt_at = 88000;"
	    "UPDATE delivery SET email = 'new@b.cc', last_attempt_id = 7, next_attempt_at = 9;"
	    "INSERT INTO attempt_event (event_id, attempt_id) VALUES (3, 7), (3, 8);"
	    "INSERT INTO operation VALUES (1, 50, 'ann', 'requeue', '{}', NULL, 1, NULL, NULL);"
	    "INSERT INTO operation_event (operation_id, event_id, status, reason, attempts, "
	    "next_attempt_at, settled_at) VALUES (1, 3, 'failed', 'refused', 1, 0, 3)");
	add_attempt(7, 1, "750, 50, 503, 'retry', 'try later', ''");
	add_attempt(8, 1, "NULL, NULL, NULL, NULL, NULL, NULL");
	assert_int_equal(outbox_audit_event(audit, 3, check_event, &calls, &e), 1);
	assert_int_equal(calls, 1);
	assert_int_equal(outbox_audit_event(audit, 4, check_event, &calls, &e), 0);
	assert_int_equal(calls, 1);
	assert_int_equal(outbox_audit_attempts(audit, 3, note_attempt, &attempts, &e), 0);
	assert_int_equal(attempts, 78);
	assert_int_equal(outbox_audit_operations(audit, 3, note_operation, &operations, &e), 0);
	assert_int_equal(operations, 1);
}

static void
expect_refusal(const char *path, enum err_code code, const char *word)
{
	struct outbox_audit *other;
	struct err e = { 0 };

	assert_int_equal(outbox_audit_open(path, &other, &e), -1);
	if (e.code != code || strstr(e.text, word) == NULL)
		fail_msg("%d %s", (int)e.code, e.text);
}

static void
audit_refuses_a_file_that_is_not_an_outbox(void **state)
{
	char path[128];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/other.db", box.folder);
	expect_refusal(path, ERR_NOTFOUND, "there is no database");
	file = fopen(path, "w");
	assert_non_null(file);
	expect_refusal(path, ERR_INPUT, "not a bentospool database");
	for (int i = 0; i < 200; i++)
		fputs("no database at all, but text that is long enough to look at\n", file);
	fclose(file);
	expect_refusal(path, ERR_INPUT, "not a bentospool database");
	assert_int_equal(unlink(path), 0);
	handmade_sql(&box, "PRAGMA user_version = 99");
	expect_refusal(box.path, ERR_INPUT, "newer");
	handmade_sql(&box, "PRAGMA user_version = 0");
	expect_refusal(box.path, ERR_INPUT, "older");
	handmade_sql(&box, "PRAGMA application_id = 1");
	expect_refusal(box.path, ERR_INPUT, "not a bentospool database");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    audit_reads_the_state_of_each_site, open_box, close_box),
		cmocka_unit_test_setup_teardown(audit_counts_pending_events, open_box, close_box),
		cmocka_unit_test_setup_teardown(audit_lists_in_pages, open_box, close_box),
		cmocka_unit_test_setup_teardown(audit_bounds_a_page, open_box, close_box),
		cmocka_unit_test_setup_teardown(a_finished_page_pins_nothing, open_box, close_box),
		cmocka_unit_test_setup_teardown(
		    audit_shows_one_event_with_its_history, open_box, close_box),
		cmocka_unit_test_setup_teardown(
		    audit_refuses_a_file_that_is_not_an_outbox, open_box, close_box),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
