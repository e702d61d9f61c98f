/* Makes outboxes by hand: applies the migrations, adds sites and events with SQL. */
#include "lib/unit.h"

#include "unit/outbox/handmade.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
handmade_sql(struct handmade *h, const char *sql)
{
	struct err e = { 0 };

	if (db_exec(&h->db, sql, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
}

int64_t
handmade_int(struct handmade *h, const char *sql)
{
	struct err e = { 0 };
	int64_t value;

	if (db_exec_int(&h->db, sql, &value, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
	return value;
}

void
handmade_create(struct handmade *h)
{
	struct err e = { 0 };
	char version[40];

	*h = (struct handmade){ .folder = "/tmp/bentospool-test-XXXXXX" };
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->path, sizeof(h->path), "%s/spool.db", h->folder);
	if (db_open(&h->db, h->path, DB_WRITE, &e) != 0)
		fail_msg("%s", e.text);
	handmade_sql(h, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF");
	for (int i = 0; i < SCHEMA_VERSION; i++)
		handmade_sql(h, schema_migrations[i]);
	handmade_sql(h, schema_views);
	handmade_sql(h, "PRAGMA application_id = 1651732529"); /* DB_APPLICATION_ID */
	snprintf(version, sizeof(version), "PRAGMA user_version = %d", SCHEMA_VERSION);
	handmade_sql(h, version);
	assert_int_equal(handmade_int(h, "PRAGMA application_id"), DB_APPLICATION_ID);
	assert_int_equal(handmade_int(h, "PRAGMA user_version"), SCHEMA_VERSION);
	handmade_sql(h, "INSERT INTO site (site_id, name) VALUES (1, 'main')");
}

void
handmade_remove(struct handmade *h)
{
	static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
	char path[128];

	db_close(&h->db, NULL);
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		snprintf(path, sizeof(path), "%s%s", h->path, endings[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(h->folder), 0);
}

static void
run(struct handmade *h, const char *sql, int64_t id, const char *text[3])
{
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_prepare_v2(h->db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
	sqlite3_bind_int64(stmt, 1, id);
	for (int i = 0; i < 3; i++)
		sqlite3_bind_text(stmt, i + 2, text[i], -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	sqlite3_finalize(stmt);
}

void
handmade_seal(struct handmade *h)
{
	handmade_sql(h,
	    "UPDATE event SET checksum = event_checksum(event_id, site_id, message_id, kind, name,"
	    " email, occurred_at, received_at, envelope_id, browser, provisional, body)");
}

void
handmade_event(struct handmade *h, int64_t id, const char *name, const char *email,
    enum event_status status, const char *reason)
{
	const char *event[3] = { name, email, "{\"type\":\"track\"}" };
	const char *delivery[3] = { status_name(status), reason, NULL };

	run(h,
	    "INSERT INTO event (event_id, site_id, message_id, kind, name, email, occurred_at,"
	    " received_at, body) VALUES (?1, 1, 'm-' || ?1, 'track', ?2, ?3, ?1 * 1000, ?1 * 1000, "
	    "?4)",
	    id, event);
	handmade_seal(h);
	run(h,
	    "INSERT INTO delivery (event_id, site_id, status, reason, attempts, settled_at, "
	    "max_batch) VALUES (?1, 1, ?2, ?3, 4, iif(?2 = 'pending', ?4, ?1 * 1000 + 500), 7)",
	    id, delivery);
}
