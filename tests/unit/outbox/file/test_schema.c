/* schema: every statement prepares, hot ones use their index, views and checks hold. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "lib/tempdir.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"

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

static void
every_statement_prepares(void **state)
{
	struct err e;

	(void)state;
	for (int i = 0; i < STMT_COUNT; i++)
		if (db_stmt(&db, (enum stmt)i, &e) == NULL)
			fail_msg("%s: %s", schema_statements[i].name, e.text);
}

static void
plan_of(enum stmt id, char *ret_plan, size_t size)
{
	char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", schema_statements[id].sql);
	sqlite3_stmt *stmt;
	size_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
	ret_plan[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW && n < size)
		n += (size_t)snprintf(ret_plan + n, size - n, "%s; ", sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sqlite3_free(sql);
}

static void
hot_statements_use_their_index(void **state)
{
	static const struct {
		enum stmt id;
		const char *must;
	} hot[] = {
		{ STMT_DUE_FRESH, "USING INDEX delivery_due (site_id=? AND next_attempt_at=? AND "
				  "event_id>?)" },
		{ STMT_DUE_WAITED, "USING INDEX delivery_due (site_id=? AND "
				   "next_attempt_at>? AND next_attempt_at<?)" },
		{ STMT_DUE_WAITED, "USING INDEX delivery_due (site_id=? AND next_attempt_at>?)" },
		{ STMT_DUE_DELAYED,
		    "SEARCH d USING INDEX delivery_due (site_id=? AND next_attempt_at>?)" },
		{ STMT_DUE_SOONEST, "USING INDEX delivery_due" },
		{ STMT_EVENT_LOAD, "SEARCH e USING INTEGER PRIMARY KEY" },
		{ STMT_MESSAGE_KEY_GET, "USING INTEGER PRIMARY KEY" },
		{ STMT_RECENT_KEYS, "USING INTEGER PRIMARY KEY (rowid>?)" },
		{ STMT_MESSAGE_RECENT, "USING INTEGER PRIMARY KEY (rowid>?)" },
		{ STMT_DELIVERY_DELIVERED, "USING INTEGER PRIMARY KEY" },
		{ STMT_DELIVERY_ATTEMPTED, "USING INTEGER PRIMARY KEY" },
		{ STMT_ATTEMPT_END, "USING INTEGER PRIMARY KEY" },
		{ STMT_ATTEMPTS_OPEN, "attempt_unclear" },
		{ STMT_IDENTITY_GET,
		    "sqlite_autoindex_identity_1 (site_id=? AND kind=? AND id=?)" },
		{ STMT_IDENTITY_MEMBERS, "USING INDEX identity_person (person=?)" },
		{ STMT_IDENTITY_TEACH, "USING INDEX identity_person (person=?)" },
		{ STMT_IDENTITY_EVICT, "INDEX identity_taught (site_id=?)" },
		{ STMT_EXPORT_IDENTITIES, "SCAN i USING INDEX identity_person" },
		{ STMT_UNRESOLVED_USER_END, "delivery_awaits_user (site_id=? AND user_id=?)" },
		{ STMT_UNRESOLVED_USER_GO, "delivery_awaits_user (site_id=? AND user_id=? AND "
					   "event_id<?)" },
		{ STMT_UNRESOLVED_ANONYMOUS_END,
		    "delivery_awaits_anonymous (site_id=? AND anonymous_id=?)" },
		{ STMT_UNRESOLVED_ANONYMOUS_GO, "delivery_awaits_anonymous (site_id=? AND "
						"anonymous_id=? AND event_id<?)" },
		{ STMT_UNRESOLVED_OVER,
		    "USING INDEX delivery_due (site_id=? AND next_attempt_at>? AND "
		    "next_attempt_at<?)" },
		{ STMT_ATTEMPTS_OPEN_MEMBERS, "SCAN a USING INDEX attempt_unclear" },
		{ STMT_AUDIT_LAST_ATTEMPT, "USING INDEX attempt_site (site_id=?)" },
		{ STMT_AUDIT_TROUBLE, "delivery USING INDEX delivery_trouble" },
		{ STMT_AUDIT_TROUBLE, "delivery USING INDEX delivery_aside" },
		{ STMT_AUDIT_MAYBE_SENT, "delivery USING INDEX delivery_maybe_sent" },
	};
	char plan[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(hot) / sizeof(*hot); i++) {
		plan_of(hot[i].id, plan, sizeof(plan));
		if (strstr(plan, hot[i].must) == NULL)
			fail_msg("%s: %s", schema_statements[hot[i].id].name, plan);
		if (strstr(plan, "TEMP B-TREE") != NULL && hot[i].id != STMT_DUE_WAITED
		    && hot[i].id != STMT_AUDIT_MAYBE_SENT)
			fail_msg("%s sorts: %s", schema_statements[hot[i].id].name, plan);
	}
}

/* A list such as IN ('a', 'b', 'c') in a check or an index makes one at every run: half of the time
 * of an insert, once. */
static void
hot_statements_build_no_tables_of_their_own(void **state)
{
	static const enum stmt hot[] = { STMT_ENVELOPE_ADD, STMT_EVENT_ADD, STMT_DELIVERY_ADD,
		STMT_MESSAGE_KEY_PUT, STMT_MESSAGE_KEY_GET, STMT_ATTEMPT_EVENT_ADD,
		STMT_DELIVERY_DELIVERED, STMT_DELIVERY_ATTEMPTED, STMT_DELIVERY_SETTLE,
		STMT_DUE_FRESH, STMT_EVENT_LOAD };

	(void)state;
	for (size_t i = 0; i < sizeof(hot) / sizeof(*hot); i++) {
		char *sql = sqlite3_mprintf("EXPLAIN %s", schema_statements[hot[i]].sql);
		sqlite3_stmt *stmt;

		assert_int_equal(sqlite3_prepare_v2(db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW)
			if (strcmp((const char *)sqlite3_column_text(stmt, 1), "OpenEphemeral")
			    == 0)
				fail_msg("%s", schema_statements[hot[i]].name);
		sqlite3_finalize(stmt);
		sqlite3_free(sql);
	}
}

static void
views_read_an_empty_outbox(void **state)
{
	static const char *const views[] = { "outbox", "messages", "failures", "attempts",
		"history", "operations", "sites" };
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
#define DELIVERY "INSERT INTO delivery (event_id, site_id, status, message_key) VALUES "

/* In blocks of the index that are not neighbours, at both ends of one, and of two sites. */
static void
a_message_is_found_in_every_block(void **state)
{
	static const char *const sql =
	    "INSERT INTO site (site_id, name) VALUES (1, 'a'), (2, 'b');" EVENT
	    "(1023, 1, 'm', 'track', 1, 1),"
	    "(1024, 2, 'm', 'track', 1, 1), (1025, 1, 'n', 'track', 1, 1),"
	    "(9000, 1, 'm', 'track', 1, 1);" DELIVERY
	    "(1023, 1, 'pending', 1), (1024, 2, 'pending', 2),"
	    "(1025, 1, 'pending', 3), (9000, 1, 'held', 4)";
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
			     "SELECT count(*) FROM messages m JOIN outbox o "
			     "USING (event_id, message_id, site, status)",
			     &n, &e),
	    0);
	assert_int_equal(n, 4);
	assert_int_equal(
	    db_exec(&db, "DELETE FROM event; DELETE FROM delivery; DELETE FROM site", &e), 0);
}

static void
statuses_and_outcomes_are_checked(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(db_exec(&db,
			     "INSERT INTO delivery (event_id, site_id, status, message_key) "
			     "VALUES (1, 1, 'lost', 1)",
			     &e),
	    -1);
	assert_int_equal(
	    db_exec(&db,
		"INSERT INTO attempt (site_id, mapping_id, started_at, events, bytes, "
		"first_event_id, last_event_id, outcome) VALUES (1,1,1,1,1,1,1,'well')",
		&e),
	    -1);
	/* STRICT: a text is no time */
	assert_int_equal(db_exec(&db,
			     "INSERT INTO delivery (event_id, site_id, status, message_key, "
			     "next_attempt_at) VALUES (1, 1, 'pending', 1, 'soon')",
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
		cmocka_unit_test(every_statement_prepares),
		cmocka_unit_test(hot_statements_use_their_index),
		cmocka_unit_test(hot_statements_build_no_tables_of_their_own),
		cmocka_unit_test(views_read_an_empty_outbox),
		cmocka_unit_test(a_message_is_found_in_every_block),
		cmocka_unit_test(statuses_and_outcomes_are_checked),
		cmocka_unit_test(file_has_the_settings_of_the_plan),
	};

	return cmocka_run_group_tests_name("schema", tests, set_up, tear_down);
}
