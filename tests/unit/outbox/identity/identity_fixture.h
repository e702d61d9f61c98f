/* Events with ids for the tests of identities, stored in the outbox of the rig. */
#ifndef UNIT_OUTBOX_IDENTITY_IDENTITY_FIXTURE_H
#define UNIT_OUTBOX_IDENTITY_IDENTITY_FIXTURE_H

#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>

#include "outbox/file/db.h"
#include "outbox/write/unresolved.h"
#include "unit/outbox/outbox_rig.h"

static int64_t when;     /* when the next event happens */
static int64_t received; /* and when it is received */
static int serial;
static struct identity_site wants;

static inline void
wait_for(int64_t max_ids, bool waits)
{
	struct outbox_unresolved w = { .sites = &wants, .n_sites = 1 };

	wants = (struct identity_site){ .site_id = rig_site, .max_ids = max_ids, .waits = waits };
	assert_int_equal(rig_send(&w.msg, OUTBOX_UNRESOLVED), 0);
}

static inline int
set_up(void **state)
{
	rig_set_up(state);
	when = 1000;
	received = 2000;
	wait_for(1000, true);
	return 0;
}

static inline struct segment_event
event_of(enum event_kind kind, const char *user_id, const char *anonymous_id)
{
	static char ids[64][16];
	char *id = ids[serial % 64];

	snprintf(id, sizeof(ids[0]), "m-%d", serial++);
	return (struct segment_event){
		.body = SLICE("{}"),
		.kind = kind,
		.name = SLICE("Seen"),
		.message_id = slice_from(id),
		.user_id = slice_from(user_id),
		.anonymous_id = slice_from(anonymous_id),
		.occurred_at = when++,
		.status = kind == KIND_TRACK ? STATUS_INVALID : STATUS_UNSUPPORTED,
		.reason = kind == KIND_TRACK ? segment_no_email : "unsupported_event_type",
	};
}

static inline int64_t
put(const struct segment_event *event)
{
	struct outbox_put p = {
		.site_id = rig_site, .received_at = received, .events = event, .n_events = 1
	};

	assert_int_equal(rig_send(&p.msg, OUTBOX_PUT), 0);
	assert_int_equal(p.n_stored, 1);
	return p.first_event_id;
}

static inline int64_t
track(const char *user_id, const char *anonymous_id)
{
	struct segment_event event = event_of(KIND_TRACK, user_id, anonymous_id);

	return put(&event);
}

static inline int64_t
identify(const char *user_id, const char *anonymous_id, const char *email)
{
	struct segment_event event = event_of(KIND_IDENTIFY, user_id, anonymous_id);

	event.email = slice_from(email);
	return put(&event);
}

static inline int64_t
alias(const char *previous_id, const char *user_id)
{
	struct segment_event event = event_of(KIND_ALIAS, user_id, NULL);

	event.previous_id = slice_from(previous_id);
	return put(&event);
}

/* Writes "status reason email" of an event, with "-" for none and "w" while it is not due. */
static inline void
expect(int64_t event_id, const char *expected)
{
	sqlite3_stmt *stmt;
	char sql[256];
	struct db db;
	struct err e;

	assert_int_equal(db_open(&db, rig_dir.file, DB_READ, &e), 0);
	snprintf(sql, sizeof(sql),
	    "SELECT status || ' ' || ifnull(reason, '-') || ' ' || ifnull(email, '-') || "
	    "iif(awaiting_since IS NOT NULL, ' w', '') FROM state WHERE event_id = %lld",
	    (long long)event_id);
	assert_int_equal(sqlite3_prepare_v2(db.handle, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(stmt, 0), expected);
	sqlite3_finalize(stmt);
	db_close(&db, NULL);
}

#define WAITS "pending awaiting_identity - w"
#define GOES(email) "pending - " email
#define UNKNOWN "invalid no_email -"

static inline int64_t
size(void)
{
	int64_t rows = rig_number("SELECT count(*) FROM identity");

	assert_int_equal(rig_number("SELECT identities FROM site"), rows);
	return rows;
}

/* Checks the address that an id leads to, by an event that must be resolved. */
static inline void
known(const char *user_id, const char *anonymous_id, const char *expected)
{
	wait_for(wants.max_ids, false);
	expect(track(user_id, anonymous_id), expected);
	wait_for(wants.max_ids, true);
}

#endif
