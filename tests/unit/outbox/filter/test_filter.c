/* Filters: what they select, and that JSON keeps every criterion. */
#include "lib/unit.h"

#include <cjson/cJSON.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "outbox/filter/filter.h"
#include "outbox/read/audit.h"
#include "unit/outbox/handmade.h"

static struct handmade box;

static int
make_box(void **state)
{
	(void)state;
	handmade_create(&box);
	handmade_event(&box, 1, "Order Completed", "ann@example.com", STATUS_DELIVERED, NULL);
	handmade_event(&box, 2, "Order Completed", "Bob@Example.com", STATUS_FAILED, "refused");
	handmade_event(&box, 3, "Signed Up", "cat@example.org", STATUS_PENDING, NULL);
	handmade_event(&box, 4, NULL, NULL, STATUS_INVALID, "no_email");
	handmade_event(&box, 5, "100% [x]*", "o'hara@example.com", STATUS_HELD, "refused");
	handmade_sql(&box, "UPDATE event SET kind = 'page' WHERE event_id = 4");
	handmade_sql(&box, "INSERT INTO site (site_id, name) VALUES (2, 'shop')");
	handmade_sql(&box, "UPDATE delivery SET site_id = 2 WHERE event_id = 5");
	handmade_sql(&box,
	    "INSERT INTO mapping VALUES (1, '{}'); INSERT INTO attempt (attempt_id, site_id, "
	    "mapping_id, started_at, events, bytes, first_event_id, last_event_id, http_status, "
	    "outcome, error) VALUES (1, 1, 1, 5, 1, 1, 2, 2, 422, 'refused', 'email is invalid')");
	handmade_sql(&box, "UPDATE delivery SET last_attempt_id = 1 WHERE event_id = 2");
	handmade_sql(&box, "UPDATE delivery SET email = 'new@example.net' WHERE event_id = 3");
	handmade_sql(&box,
	    "INSERT INTO box (box_id, site_id, name, first_seen_at, last_seen_at) VALUES"
	    " (1, 1, 'store-1', 1, 1), (2, 1, 'store-2', 1, 1), (3, 2, 'store-1', 1, 1);"
	    "INSERT INTO via (first_event_id, last_event_id, box_id, arrived_at) VALUES (2, 2, 1, "
	    "1), (4, 4, 2, 1), (5, 5, 3, 1)");
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
note_id(void *arg, const struct audit_event *event)
{
	int *set = arg;

	*set = *set * 10 + (int)event->event_id;
}

/* Returns the matching ids as decimal digits: 245 means 2, 4 and 5. */
static int
select_ids(const struct outbox_filter *f)
{
	struct audit_page page = { .rows = 100 };
	struct outbox_audit *audit;
	struct err e = { 0 };
	int64_t count;
	int ids = 0;

	assert_int_equal(outbox_audit_open(box.path, &audit, &e), 0);
	if (outbox_audit_list(audit, f, &page, note_id, &ids, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(outbox_audit_count(audit, f, &count, &e), 0);
	assert_int_equal(count, page.rows);
	outbox_audit_close(audit);
	return ids;
}

/* Returns the matching ids after the filter was written as JSON and read again. */
static int
select_json(const char *text)
{
	struct outbox_filter f, back;
	struct err e = { 0 };
	struct buf json;
	cJSON *o = cJSON_Parse(text);
	int ids;

	outbox_filter_init(&f);
	outbox_filter_init(&back);
	buf_init(&json, FILTER_MAX_JSON);
	if (outbox_filter_from_json(o, &f, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	cJSON_Delete(o);
	outbox_filter_to_json(&f, &json);
	assert_false(json.failed);
	assert_string_equal(json.p, text);
	o = cJSON_Parse(json.p);
	assert_int_equal(outbox_filter_from_json(o, &back, &e), 0);
	ids = select_ids(&f);
	assert_int_equal(select_ids(&back), ids);
	assert_int_equal(outbox_filter_is_empty(&f), strcmp(text, "{}") == 0);
	cJSON_Delete(o);
	buf_free(&json);
	outbox_filter_free(&f);
	outbox_filter_free(&back);
	return ids;
}

static void
filter_selects_by_every_criterion(void **state)
{
	(void)state;
	assert_int_equal(select_json("{}"), 12345);
	assert_int_equal(select_json("{\"all\":true}"), 12345);
	assert_int_equal(select_json("{\"id\":[5,2,99]}"), 25);
	assert_int_equal(select_json("{\"message-id\":\"m-3\"}"), 3);
	assert_int_equal(select_json("{\"status\":[\"failed\"]}"), 2);
	assert_int_equal(select_json("{\"status\":[\"failed\",\"invalid\",\"held\"]}"), 245);
	assert_int_equal(select_json("{\"status\":[\"pending\",\"delivered\"]}"), 13);
	assert_int_equal(select_json("{\"reason\":\"refused\"}"), 25);
	assert_int_equal(select_json("{\"kind\":[\"page\"]}"), 4);
	assert_int_equal(select_json("{\"kind\":[\"track\",\"identify\"]}"), 1235);
	assert_int_equal(select_json("{\"name\":\"Order*\"}"), 12);
	assert_int_equal(select_json("{\"email\":\"*@example.com\"}"), 125);
	assert_int_equal(select_json("{\"email\":\"BOB@*\"}"), 2);
	assert_int_equal(select_json("{\"http-status\":422}"), 2);
	assert_int_equal(select_json("{\"error\":\"*invalid\"}"), 2);
	/* When there is no attempt's error, the detail is searched instead. */
	handmade_sql(&box, "UPDATE delivery SET detail = '41220 bytes; max_event is 32768'");
	assert_int_equal(select_json("{\"error\":\"41220 bytes*\"}"), 1345);
	assert_int_equal(select_json("{\"error\":\"*invalid\"}"), 2);
	handmade_sql(&box, "UPDATE delivery SET detail = NULL");
	assert_int_equal(select_json("{\"site\":\"shop\"}"), 5);
	assert_int_equal(select_json("{\"via\":\"store-1\"}"), 25);
	assert_int_equal(select_json("{\"via\":\"Store-1\"}"), 0);
	assert_int_equal(select_json("{\"site\":\"shop\",\"via\":\"store-1\"}"), 5);
	assert_int_equal(select_json("{\"via\":\"store-2\"}"), 4);
	assert_int_equal(select_json("{\"id\":[1,2],\"via\":\"store-1\"}"), 2);
	assert_int_equal(select_json("{\"since\":\"1970-01-01T00:00:03.000Z\"}"), 345);
	assert_int_equal(select_json("{\"until\":\"1970-01-01T00:00:03.000Z\"}"), 12);
}

static void
filter_criteria_hold_together(void **state)
{
	(void)state;
	assert_int_equal(select_json("{\"name\":\"Order*\",\"status\":[\"failed\"]}"), 2);
	assert_int_equal(select_json("{\"reason\":\"refused\",\"site\":\"main\"}"), 2);
	assert_int_equal(select_json("{\"id\":[1,2],\"email\":\"bob@*\",\"http-status\":422}"), 2);
	assert_int_equal(select_json("{\"id\":[1],\"status\":[\"failed\"]}"), 0);
}

static void
filter_uses_the_address_of_the_delivery(void **state)
{
	(void)state;
	assert_int_equal(select_json("{\"email\":\"new@example.net\"}"), 3);
	assert_int_equal(select_json("{\"email\":\"cat@example.org\"}"), 0);
}

static void
filter_text_is_never_sql(void **state)
{
	(void)state;
	assert_int_equal(select_json("{\"email\":\"o'hara@*\"}"), 5);
	assert_int_equal(select_json("{\"reason\":\"' OR 1=1 --\"}"), 0);
	assert_int_equal(select_json("{\"name\":\"100% [[]x]*\"}"), 5);
}

static void
filter_refuses_what_it_does_not_know(void **state)
{
	static const char *const bad[] = { "[]", "{\"Status\":[\"failed\"]}", "{\"state\":1}",
		"{\"status\":[]}", "{\"status\":\"failed\"}", "{\"status\":[\"fail\"]}",
		"{\"status\":[1]}", "{\"id\":[]}", "{\"id\":[0]}", "{\"id\":[1.5]}",
		"{\"id\":[-1]}", "{\"id\":[1e300]}", "{\"id\":5}", "{\"id\":[\"x\"]}",
		"{\"id\":[\"0\"]}", "{\"id\":[9007199254740992]}",
		"{\"id\":[\"9223372036854775808\"]}", "{\"status\":{}}", "{\"kind\":\"track\"}",
		"{\"kind\":[7]}", "{\"limit\":\"1\"}", "{\"kind\":[\"tracks\"]}", "{\"kind\":[]}",
		"{\"since\":\"yesterday\"}", "{\"since\":\"1970-01-01T00:00:00Z\"}",
		"{\"until\":17}", "{\"http-status\":1000}", "{\"http-status\":0}", "{\"limit\":0}",
		"{\"all\":false}", "{\"reason\":\"\"}", "{\"reason\":7}",
		"{\"reason\":\"a\",\"reason\":\"b\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		cJSON *o = cJSON_Parse(bad[i]);
		struct outbox_filter f;
		struct err e = { 0 };

		outbox_filter_init(&f);
		if (outbox_filter_from_json(o, &f, &e) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(e.code, ERR_INPUT);
		outbox_filter_free(&f);
		cJSON_Delete(o);
	}
}

/* A double would stand for its neighbor, too. */
static void
large_ids_are_exact(void **state)
{
	(void)state;
	assert_int_equal(select_json("{\"id\":[9007199254740991]}"), 0);
	assert_int_equal(select_json("{\"id\":[\"9007199254740992\"]}"), 0);
	assert_int_equal(select_json("{\"id\":[\"9007199254740993\",\"9223372036854775807\"]}"), 0);
}

static void
filter_is_empty_until_something_selects(void **state)
{
	struct outbox_filter f;

	(void)state;
	outbox_filter_init(&f);
	f.limit = 5;
	assert_true(outbox_filter_is_empty(&f));
	f.http_status = 500;
	assert_false(outbox_filter_is_empty(&f));
	outbox_filter_free(&f);
	for (int i = 0; i < FILTER_TEXTS; i++) {
		assert_int_equal(outbox_filter_set_text(&f, (enum filter_text)i, "x", NULL), 0);
		assert_false(outbox_filter_is_empty(&f));
		outbox_filter_free(&f);
	}
}

static void
filter_stops_at_its_limits(void **state)
{
	char text[FILTER_MAX_TEXT + 2];
	struct outbox_filter f;
	struct err e;
	struct buf json;

	(void)state;
	outbox_filter_init(&f);
	memset(text, 'x', sizeof(text));
	text[FILTER_MAX_TEXT + 1] = '\0';
	assert_int_equal(outbox_filter_set_text(&f, FILTER_NAME, text, &e), -1);
	text[FILTER_MAX_TEXT] = '\0';
	assert_int_equal(outbox_filter_set_text(&f, FILTER_NAME, text, &e), 0);
	for (int64_t i = 1; i <= FILTER_MAX_IDS; i++)
		assert_int_equal(outbox_filter_add_id(&f, i, &e), 0);
	assert_int_equal(outbox_filter_add_id(&f, 1, &e), 0);
	assert_int_equal(f.n_ids, FILTER_MAX_IDS);
	assert_int_equal(outbox_filter_add_id(&f, FILTER_MAX_IDS + 1, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	buf_init(&json, FILTER_MAX_JSON);
	outbox_filter_to_json(&f, &json);
	assert_false(json.failed);
	buf_free(&json);
	outbox_filter_free(&f);
}

static void
a_text_must_be_utf8(void **state)
{
	struct outbox_filter f;
	struct err e;

	(void)state;
	outbox_filter_init(&f);
	assert_int_equal(outbox_filter_set_text(&f, FILTER_NAME, "caf\xe9", &e), -1);
	assert_string_equal(e.text, "is not UTF-8");
	assert_int_equal(outbox_filter_set_text(&f, FILTER_NAME, "caf\xc3\xa9", &e), 0);
	assert_int_equal(outbox_filter_set_text(&f, FILTER_EMAIL, "\xf0\x9f\x98", &e), -1);
	outbox_filter_free(&f);
}

static bool
plan_mentions(const struct outbox_filter *f, const char *word)
{
	sqlite3_stmt *stmt;
	bool found = false;
	struct buf sql;

	buf_init(&sql, 4096);
	buf_append_literal(&sql, "EXPLAIN QUERY PLAN SELECT d.event_id");
	filter_sql(f, &sql);
	buf_append_literal(&sql, " ORDER BY d.event_id LIMIT 500");
	assert_int_equal(sqlite3_prepare_v2(box.db.handle, sql.p, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		if (strstr((const char *)sqlite3_column_text(stmt, 3), word) != NULL)
			found = true;
	sqlite3_finalize(stmt);
	buf_free(&sql);
	return found;
}

static void
filter_reads_what_it_asks_for(void **state)
{
	struct outbox_filter f;

	(void)state;
	outbox_filter_init(&f);
	f.statuses = 1u << STATUS_FAILED;
	assert_true(plan_mentions(&f, "delivery_status"));
	assert_false(plan_mentions(&f, "TEMP B-TREE"));
	f.statuses = 1u << STATUS_FAILED | 1u << STATUS_DELIVERED;
	assert_true(plan_mentions(&f, "MERGE (UNION ALL)"));
	f.statuses = 0;
	assert_true(plan_mentions(&f, "MERGE (UNION ALL)"));
	assert_false(plan_mentions(&f, "TEMP B-TREE"));
	outbox_filter_add_id(&f, 3, NULL);
	assert_true(plan_mentions(&f, "PRIMARY KEY (rowid=?)"));
	outbox_filter_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_selects_by_every_criterion),
		cmocka_unit_test(filter_criteria_hold_together),
		cmocka_unit_test(filter_uses_the_address_of_the_delivery),
		cmocka_unit_test(filter_text_is_never_sql),
		cmocka_unit_test(large_ids_are_exact),
		cmocka_unit_test(filter_refuses_what_it_does_not_know),
		cmocka_unit_test(filter_is_empty_until_something_selects),
		cmocka_unit_test(filter_stops_at_its_limits),
		cmocka_unit_test(a_text_must_be_utf8),
		cmocka_unit_test(filter_reads_what_it_asks_for),
	};

	return cmocka_run_group_tests_name("filter", tests, make_box, remove_box);
}
