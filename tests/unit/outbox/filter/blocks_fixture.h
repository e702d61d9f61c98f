/*
 * A file of five complete blocks and a part of one, with two sites, events of every status, and
 * times that jump, for tests of what is asked by blocks. Reads it by an audit, too.
 */
#ifndef UNIT_OUTBOX_FILTER_BLOCKS_FIXTURE_H
#define UNIT_OUTBOX_FILTER_BLOCKS_FIXTURE_H

#include "lib/unit.h"

#include <string.h>

#include "base/rand.h"
#include "lib/tempdir.h"
#include "outbox/file/migrate.h"
#include "outbox/read/audit_walk.h"
#include "outbox/write/message_blocks.h"

#define BLOCK EVENT_BLOCK_EVENTS
#define EVENTS (5 * BLOCK + 700)
#define RARE_BLOCK 2
#define TICK 100 /* ms between events */

static struct tempdir dir;
static struct db db;
static struct outbox_audit *audit;
static struct rand chance;

static const char *const kinds[] = { "track", "page", "identify" };
static const char *const names[] = { "A", "B", "AB", "b" };
static const char *const emails[] = { "a@b.cc", "A@B.cc", "c@b.cc", "d@b.cc", "e@b.cc" };

static void
sql(const char *text)
{
	struct err e;

	if (db_exec(&db, text, &e) != 0)
		fail_msg("%s: %s", text, e.text);
}

static size_t
any(size_t n)
{
	return (size_t)(rand_u64(&chance) % n);
}

/* Times rise, but one event is imported from long ago and one comes while the clock is ahead. */
static int64_t
time_of(int64_t id)
{
	if (id == BLOCK + 17)
		return 5;
	if (id == 3 * BLOCK + 17)
		return 9 * TICK * EVENTS;
	return TICK * id;
}

static struct stmt_event_add
make_event(int64_t id)
{
	size_t email = any(12);
	bool rare = event_block_of(id) == RARE_BLOCK && any(100) == 0;

	return (struct stmt_event_add){
		.event_id = id,
		.site_id = 1 + (int64_t)any(2),
		.message_id = SLICE("m"),
		.kind = slice_from(kinds[any(3)]),
		.name = rare         ? SLICE("Rare")
			: any(5) > 0 ? slice_from(names[any(4)])
				     : SLICE_NONE,
		.email = email < 5 ? slice_from(emails[email]) : SLICE_NONE,
		.received_at = time_of(id),
		.body = SLICE("{}"),
	};
}

static void
add_delivery(int64_t id, int64_t site_id)
{
	const struct stmt_delivery_add in = {
		.event_id = id,
		.site_id = site_id,
		.status = status_name((enum event_status)any(STATUS_COUNT)),
		.email = any(2) == 0 ? SLICE("Late@B.cc") : SLICE_NONE,
	};
	struct err e;

	if (stmt_delivery_add(&db, &in, &e) != 0)
		fail_msg("%s", e.text);
}

static void
add_events(void)
{
	struct message_blocks blocks;
	struct err e;

	if (message_blocks_open(&blocks, &db, 0, &e) != 0)
		fail_msg("%s", e.text);
	sql("BEGIN IMMEDIATE");
	for (int64_t id = 1; id <= EVENTS; id++) {
		struct stmt_event_add event = make_event(id);
		const struct event_block_event summary = {
			.event_id = id,
			.site_id = event.site_id,
			.received_at = event.received_at,
			.kind = event.kind,
			.name = event.name,
			.email = event.email,
		};

		if (message_blocks_advance(&blocks, id, &e) != 0
		    || stmt_event_add(&db, &event, &e) != 0)
			fail_msg("%s", e.text);
		message_blocks_add(&blocks, &summary, event.message_id);
		if (any(4) == 0)
			add_delivery(id, event.site_id);
	}
	sql("COMMIT");
	message_blocks_close(&blocks);
}

/* Requests of boxes: "shop" at both sites, and "van", which sends few events at a time. */
static void
add_requests(void)
{
	char text[200];

	sql("INSERT INTO box (box_id, site_id, name, first_seen_at, last_seen_at) VALUES"
	    " (1, 1, 'shop', 1, 1), (2, 1, 'van', 1, 1), (3, 2, 'shop', 1, 1), (4, 1, 'idle', 1, "
	    "1)");
	for (int64_t first = 100, last; first < EVENTS - 300; first = last + 1 + (int64_t)any(60)) {
		last = first + (int64_t)any(first % 3 == 1 ? 3 : 200);
		snprintf(text, sizeof(text),
		    "INSERT INTO via (first_event_id, last_event_id, box_id, arrived_at) VALUES "
		    "(%lld, %lld, %d, 1)",
		    (long long)first, (long long)last, 1 + (int)(first % 3));
		sql(text);
	}
}

/* One span is due since long, one is in flight, and the newest are due; the rest is delivered. */
static int
set_up(void **state)
{
	struct err e;

	(void)state;
	tempdir_make(&dir);
	rand_seed(&chance, 11);
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0
	    || stmt_dedup_secret_add(&db, SLICE("0123456789abcdef"), &e) != 0)
		return -1;
	sql("PRAGMA synchronous=OFF; INSERT INTO site (site_id, name) VALUES (1, 'one'), (2, "
	    "'two');"
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, events,"
	    " first_event_id, last_event_id, bytes, outcome) VALUES"
	    " (1, 1, 1, 1, 1, 1, 4000, 1, 'delivered'), (2, 2, 1, 1, 1, 1, 9000, 1, 'delivered'),"
	    " (3, 1, 1, 1, 1, 9001, 9200, 1, NULL), (4, 1, 1, 1, 1, 4101, 9000, 1, 'delivered');"
	    "INSERT INTO span (site_id, first_event_id, last_event_id, attempt_id) VALUES"
	    " (1, 1, 4000, 1), (1, 4001, 4100, NULL), (1, 4101, 9000, 4), (2, 1, 9000, 2),"
	    " (1, 9001, 9200, 3), (1, 9201, 99999, NULL), (2, 9001, 99999, NULL)");
	add_events();
	add_requests();
	return outbox_audit_open(dir.file, &audit, &e);
}

static int
tear_down(void **state)
{
	(void)state;
	outbox_audit_close(audit);
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

#endif
