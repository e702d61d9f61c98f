/* schema: every statement can be prepared, hot statements use their index, views and checks
 * hold. */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "lib/tempdir.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"
#include "outbox/file/statements_facts.gen.h"
#include "outbox/filter/filter.h"

#define WHY_SIZE 200

static struct tempdir dir;
static struct db db;

static int
set_up(void **state)
{
	struct err e;

	(void)state;
	tempdir_make(&dir);
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return -1;
	}
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

/* Prepares a statement; {filter} is replaced by a filter without criteria. */
static sqlite3_stmt *
prepare(enum statement_id id)
{
	struct db_rows rows;
	struct err e;

	if (!facts[id].filtered) {
		rows.stmt = db_statement(&db, id, &e);
	} else {
		struct outbox_filter none;
		struct buf filter;

		outbox_filter_init(&none);
		buf_init(&filter, 4096);
		filter_sql(&none, &filter);
		rows = db_select(&db, id, &filter, &e);
	}
	if (rows.stmt == NULL)
		fail_msg("%s: %s", facts[id].where, e.text);
	return rows.stmt;
}

/* Returns "" when the parameters equal those of the header. */
static void
compare_parameters(const struct statement_facts *f, sqlite3_stmt *stmt, char why[WHY_SIZE])
{
	int n = 0;

	for (const struct fact *in = f->in; in->name != NULL; in++, n++) {
		const char *found = sqlite3_bind_parameter_name(stmt, in->at);

		/* The parameters of the filter come first. */
		if (f->filtered && sqlite3_bind_parameter_index(stmt, in->name) == 0)
			snprintf(why, WHY_SIZE, "there is no parameter %s", in->name);
		else if (!f->filtered && (found == NULL || strcmp(found, in->name) != 0))
			snprintf(why, WHY_SIZE, "parameter %d is not %s", in->at, in->name);
	}
	if (!f->filtered && sqlite3_bind_parameter_count(stmt) != n)
		snprintf(
		    why, WHY_SIZE, "%d parameters, not %d", sqlite3_bind_parameter_count(stmt), n);
}

/* Whether a column of a table may be read as the type; an expression may have any type. */
static bool
fits(const char *declared, const char *type)
{
	bool number = strncmp(type, "int", 3) == 0 || strncmp(type, "bool", 4) == 0;

	if (declared == NULL || strcmp(declared, "ANY") == 0)
		return true;
	return (strcmp(declared, "INTEGER") == 0) == number;
}

/* Returns "" when the columns equal those of the header. */
static void
compare_columns(const struct statement_facts *f, sqlite3_stmt *stmt, char why[WHY_SIZE])
{
	int n = 0;

	for (const struct fact *out = f->out; out->name != NULL; out++, n++) {
		const char *found = sqlite3_column_name(stmt, n);

		if (found == NULL || strcmp(found, out->name) != 0)
			snprintf(why, WHY_SIZE, "column %d is not %s", n + 1, out->name);
		else if (!fits(sqlite3_column_decltype(stmt, n), out->type))
			snprintf(why, WHY_SIZE, "%s is not %s", out->name, out->type);
	}
	n = strcmp(f->kind, "exists") == 0 ? 1 : n;
	if (sqlite3_column_count(stmt) != n)
		snprintf(why, WHY_SIZE, "%d columns, not %d", sqlite3_column_count(stmt), n);
}

static void
each_statement_is_what_its_header_says(void **state)
{
	(void)state;
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_stmt *stmt = prepare((enum statement_id)i);
		char why[WHY_SIZE] = "";

		compare_parameters(&facts[i], stmt, why);
		compare_columns(&facts[i], stmt, why);
		if (why[0] != '\0')
			fail_msg("%s: %s", facts[i].where, why);
		if (facts[i].filtered)
			sqlite3_finalize(stmt);
	}
}

static void
a_header_that_is_wrong_is_seen(void **state)
{
	static const struct {
		struct statement_facts facts;
		const char *why;
	} wrong[] = {
		{ { .kind = "out", .in = { { ":b", "int", 1 } }, .out = { { "m", "text", 0 } } },
		    "parameter 1 is not :b" },
		{ { .kind = "out", .out = { { "m", "text", 0 } } }, "1 parameters, not 0" },
		{ { .kind = "out", .in = { { ":a", "int", 1 } }, .out = { { "mode", "text", 0 } } },
		    "column 1 is not mode" },
		{ { .kind = "out", .in = { { ":a", "int", 1 } }, .out = { { "m", "int", 0 } } },
		    "m is not int" },
		{ { .kind = "run", .in = { { ":a", "int", 1 } } }, "1 columns, not 0" },
	};
	sqlite3_stmt *stmt;

	(void)state;
	assert_int_equal(sqlite3_prepare_v2(db.handle,
			     "SELECT mode AS m FROM site WHERE site_id = :a", -1, &stmt, NULL),
	    SQLITE_OK);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char why[WHY_SIZE] = "";

		compare_parameters(&wrong[i].facts, stmt, why);
		compare_columns(&wrong[i].facts, stmt, why);
		assert_string_equal(why, wrong[i].why);
	}
	sqlite3_finalize(stmt);
}

static void
plan_of(const struct statement *statement, char *ret_plan, size_t size)
{
	char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", statement->sql);
	sqlite3_stmt *stmt;
	size_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
	ret_plan[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW && n < size)
		n += (size_t)snprintf(ret_plan + n, size - n, "%s; ", sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sqlite3_free(sql);
}

/* What the plan of each statement must contain. */
static const struct {
	const struct statement *statement;
	const char *must;
} plans[] = {
	{ &statements[STMT_DUE_FRESH], "SEARCH r USING INDEX span_due (site_id=?)" },
	{ &statements[STMT_DUE_FRESH], "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
	{ &statements[STMT_DUE_NEXT_ROW], "SEARCH delivery USING INTEGER PRIMARY KEY (rowid>?)" },
	{ &statements[STMT_DUE_ENVELOPE], "SEARCH envelope USING INTEGER PRIMARY KEY (rowid=?)" },
	{ &statements[STMT_DUE_AGAIN],
	    "USING INDEX delivery_due (site_id=? AND awaiting_since=? AND next_attempt_at=? "
	    "AND event_id>?)" },
	{ &statements[STMT_DUE_DELAYED], "INDEX delivery_due (site_id=? AND awaiting_since=? AND "
					 "next_attempt_at>? AND next_attempt_at<?)" },
	{ &statements[STMT_DUE_DELAYED],
	    "INDEX delivery_due (site_id=? AND awaiting_since=? AND next_attempt_at>?)" },
	{ &statements[STMT_DELAYED_ADDRESSES],
	    "SEARCH d USING INDEX delivery_due (site_id=? AND awaiting_since=? AND "
	    "next_attempt_at>?)" },
	{ &statements[STMT_DUE_SOONEST], "INDEX delivery_due" },
	{ &statements[STMT_EVENT_LOAD], "SEARCH e USING INTEGER PRIMARY KEY" },
	{ &statements[STMT_DEDUP_BUCKET_GET], "USING INTEGER PRIMARY KEY" },
	{ &statements[STMT_RECENT_KEYS], "USING INTEGER PRIMARY KEY (rowid>?)" },
	{ &statements[STMT_RECENT_EVENT_OF_MESSAGE], "USING INTEGER PRIMARY KEY (rowid>?)" },
	{ &statements[STMT_MEMBERS_DELIVERED], "SEARCH delivery USING INTEGER PRIMARY KEY" },
	{ &statements[STMT_MEMBERS_DELIVERED],
	    "SEARCH attempt_event USING PRIMARY KEY (attempt_id=?)" },
	{ &statements[STMT_MEMBERS_ATTEMPTED], "SEARCH delivery USING INTEGER PRIMARY KEY" },
	{ &statements[STMT_MEMBERS_EXCEPTED], "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
	{ &statements[STMT_MEMBERS_LEAVE], "SEARCH r USING INDEX span_attempt (attempt_id=?)" },
	{ &statements[STMT_MEMBERS_LEAVE],
	    "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
	{ &statements[STMT_MEMBERS_LEAVE_SPANS], "INDEX span_attempt (attempt_id=?)" },
	{ &statements[STMT_SPAN_AT], "USING PRIMARY KEY (site_id=? AND first_event_id<?)" },
	{ &statements[STMT_SPAN_NEWEST], "USING PRIMARY KEY (site_id=?)" },
	{ &statements[STMT_SPAN_HAS_EVENT],
	    "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
	{ &statements[STMT_ATTEMPT_END], "USING INTEGER PRIMARY KEY" },
	{ &statements[STMT_ATTEMPT_OPEN], "attempt_unclear" },
	{ &statements[STMT_IDENTITY_GET],
	    "sqlite_autoindex_identity_1 (site_id=? AND kind=? AND id=?)" },
	{ &statements[STMT_IDENTITY_REPLACED], "USING COVERING INDEX identity_of_user "
					       "(site_id=? AND user_id=? AND kind=?)" },
	{ &statements[STMT_IDENTITY_CLAIMS],
	    "sqlite_autoindex_identity_1 (site_id=? AND kind=? AND id=?)" },
	{ &statements[STMT_IDENTITY_DEVICES], "USING COVERING INDEX identity_of_user "
					      "(site_id=? AND user_id=? AND kind=?)" },
	{ &statements[STMT_IDENTITY_COUNT_CLAIMS],
	    "USING COVERING INDEX identity_of_user (site_id=? AND user_id=? AND kind=?)" },
	{ &statements[STMT_IDENTITY_EVICT], "INDEX identity_taught (site_id=?)" },
	{ &statements[STMT_IDENTITY_DROP_OF_USER],
	    "USING INDEX identity_of_user (site_id=? AND user_id=?)" },
	{ &statements[STMT_EXPORT_IDENTITIES], "SCAN i; " },
	{ &statements[STMT_UNRESOLVED_USER_END],
	    "delivery_awaits_user (site_id=? AND user_id=? AND event_id>?)" },
	{ &statements[STMT_UNRESOLVED_USER_RELEASE],
	    "delivery_awaits_user (site_id=? AND user_id=? AND "
	    "event_id<?)" },
	{ &statements[STMT_UNRESOLVED_ANONYMOUS_END],
	    "delivery_awaits_anonymous (site_id=? AND anonymous_id=? AND event_id>?)" },
	{ &statements[STMT_UNRESOLVED_OF_ANONYMOUS],
	    "delivery_awaits_anonymous (site_id=? AND anonymous_id=? AND event_id>? AND "
	    "event_id<?)" },
	{ &statements[STMT_UNRESOLVED_OF_ANONYMOUS], "SEARCH e USING INTEGER PRIMARY KEY" },
	{ &statements[STMT_UNRESOLVED_EXPIRED],
	    "USING INDEX delivery_due (site_id=? AND awaiting_since>? AND awaiting_since<?)" },
	{ &statements[STMT_AUDIT_LAST_ATTEMPT], "USING INDEX attempt_site (site_id=?)" },
	{ &statements[STMT_AUDIT_OLDEST_PENDING], "SEARCH r USING INDEX span_due (site_id=?)" },
	{ &statements[STMT_AUDIT_OLDEST_PENDING], "SEARCH a USING INDEX attempt_unclear" },
	{ &statements[STMT_PURGE_NEXT],
	    "SEARCH r USING PRIMARY KEY (site_id=? AND first_event_id>?)" },
	{ &statements[STMT_PURGE_NEXT], "SEARCH delivery USING INTEGER PRIMARY KEY (rowid>?)" },
	{ &statements[STMT_PURGE_SCAN],
	    "SEARCH r USING PRIMARY KEY (site_id=? AND first_event_id=?)" },
	{ &statements[STMT_AUDIT_MAYBE_SENT], "delivery USING INDEX delivery_maybe_sent" },
};

static void
hot_statements_use_their_index(void **state)
{
	char plan[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(*plans); i++) {
		plan_of(plans[i].statement, plan, sizeof(plan));
		if (strstr(plan, plans[i].must) == NULL)
			fail_msg("%s: %s", plans[i].statement->name, plan);
		if (strstr(plan, "TEMP B-TREE") != NULL
		    && plans[i].statement != &statements[STMT_DUE_DELAYED]
		    && plans[i].statement != &statements[STMT_AUDIT_MAYBE_SENT])
			fail_msg("%s sorts: %s", plans[i].statement->name, plan);
	}
}

/* A list such as IN ('a', 'b', 'c') in a check or an index builds a table at every run: it once
 * took half of the time of an insert. */
static void
hot_statements_build_no_tables_of_their_own(void **state)
{
	static const struct statement *const hot[] = { &statements[STMT_ENVELOPE_ADD],
		&statements[STMT_EVENT_ADD], &statements[STMT_DELIVERY_ADD],
		&statements[STMT_DEDUP_BUCKET_PUT], &statements[STMT_DEDUP_BUCKET_GET],
		&statements[STMT_MEMBER_ADD], &statements[STMT_SPAN_PUT],
		&statements[STMT_SITE_COUNT_ADD], &statements[STMT_DELIVERY_SETTLE],
		&statements[STMT_DUE_FRESH], &statements[STMT_EVENT_LOAD] };

	(void)state;
	for (size_t i = 0; i < sizeof(hot) / sizeof(*hot); i++) {
		char *sql = sqlite3_mprintf("EXPLAIN %s", hot[i]->sql);
		sqlite3_stmt *stmt;

		assert_int_equal(sqlite3_prepare_v2(db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW)
			if (strcmp((const char *)sqlite3_column_text(stmt, 1), "OpenEphemeral")
			    == 0)
				fail_msg("%s", hot[i]->name);
		sqlite3_finalize(stmt);
		sqlite3_free(sql);
	}
}

static void
views_read_an_empty_outbox(void **state)
{
	static const char *const views[] = { "outbox", "messages", "failures", "attempts",
		"history", "operations", "sites", "counts", "state" };
	char sql[64];
	struct err e;
	int64_t n = -1;

	(void)state;
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", views[i]);
		if (db_exec_int(&db, sql, &n, &e) != 0)
			fail_msg("%s: %s", views[i], e.text);
		assert_int_equal(n, 0);
	}
}

#define EVENT                                                                                      \
	"INSERT INTO event (event_id, site_id, message_id, kind, occurred_at, received_at) "       \
	"VALUES "
#define DELIVERY "INSERT INTO delivery (event_id, site_id, status) VALUES "

/* Events of two sites, in a query that needs other columns of the view outbox. */
static void
a_message_is_found_in_every_block(void **state)
{
	static const char *const sql =
	    "INSERT INTO site (site_id, name) VALUES (1, 'a'), (2, 'b');" EVENT
	    "(1023, 1, 'm', 'track', 1, 1),"
	    "(1024, 2, 'm', 'track', 1, 1), (1025, 1, 'n', 'track', 1, 1),"
	    "(9000, 1, 'm', 'track', 1, 1);" DELIVERY "(1023, 1, 'pending'), (1024, 2, 'pending'),"
	    "(1025, 1, 'pending'), (9000, 1, 'held')";
	struct err e;
	int64_t n;

	(void)state;
	if (db_exec(&db, sql, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(db_exec_int(&db,
			     "SELECT sum(event_id) FROM messages "
			     "WHERE message_id = 'm'",
			     &n, &e),
	    0);
	assert_int_equal(n, 1023 + 1024 + 9000);
	assert_int_equal(db_exec_int(&db,
			     "SELECT count(*) FROM outbox WHERE event_id IN "
			     "(SELECT event_id FROM messages WHERE message_id = 'm')",
			     &n, &e),
	    0);
	assert_int_equal(n, 3);
	assert_int_equal(
	    db_exec(&db, "DELETE FROM event; DELETE FROM delivery; DELETE FROM site", &e), 0);
}

static void
statuses_and_outcomes_are_checked(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(db_exec(&db,
			     "INSERT INTO delivery (event_id, site_id, status) "
			     "VALUES (1, 1, 'lost')",
			     &e),
	    -1);
	assert_int_equal(
	    db_exec(&db,
		"INSERT INTO attempt (site_id, mapping_id, started_at, events, bytes, "
		"first_event_id, last_event_id, outcome) VALUES (1,1,1,1,1,1,1,'well')",
		&e),
	    -1);
	assert_int_equal(db_exec(&db,
			     "INSERT INTO event (site_id, message_id, kind, occurred_at, "
			     "received_at) VALUES (1, 'm', 'blast', 1, 1)",
			     &e),
	    -1);
	assert_int_equal(db_exec(&db,
			     "INSERT INTO event (site_id, message_id, kind, occurred_at, "
			     "received_at, browser) VALUES (1, 'm', 'track', 1, 1, 2)",
			     &e),
	    -1);
	assert_int_equal(db_exec(&db,
			     "INSERT INTO delivery (event_id, site_id, status, "
			     "next_attempt_at) VALUES (1, 1, 'pending', -1)",
			     &e),
	    -1);
	/* STRICT: a text is not a time */
	assert_int_equal(db_exec(&db,
			     "INSERT INTO delivery (event_id, site_id, status, "
			     "next_attempt_at) VALUES (1, 1, 'pending', 'soon')",
			     &e),
	    -1);
}

static void
file_has_the_settings_of_the_plan(void **state)
{
	static const struct {
		const char *pragma;
		int64_t value;
	} want[] = { { "PRAGMA application_id", DB_APPLICATION_ID },
		{ "PRAGMA user_version", SCHEMA_VERSION }, { "PRAGMA page_size", 8192 },
		{ "PRAGMA auto_vacuum", 2 }, { "PRAGMA synchronous", 2 },
		{ "PRAGMA wal_autocheckpoint", 0 } };
	int64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		assert_int_equal(db_exec_int(&db, want[i].pragma, &value, NULL), 0);
		if (value != want[i].value)
			fail_msg("%s is %lld", want[i].pragma, (long long)value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_statement_is_what_its_header_says),
		cmocka_unit_test(a_header_that_is_wrong_is_seen),
		cmocka_unit_test(hot_statements_use_their_index),
		cmocka_unit_test(hot_statements_build_no_tables_of_their_own),
		cmocka_unit_test(views_read_an_empty_outbox),
		cmocka_unit_test(a_message_is_found_in_every_block),
		cmocka_unit_test(statuses_and_outcomes_are_checked),
		cmocka_unit_test(file_has_the_settings_of_the_plan),
	};

	return cmocka_run_group_tests_name("schema", tests, set_up, tear_down);
}
