/* What is stored about complete blocks: times of receipt, counts by site, kind and name, addresses.
 */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "lib/tempdir.h"
#include "outbox/dedup/dedup.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"
#include "outbox/write/event_block.h"
#include "outbox/write/message_blocks.h"

#define BLOCK EVENT_BLOCK_EVENTS

static struct tempdir dir;
static struct db db;
static struct message_blocks blocks;
static struct siphash_key secret;

static int64_t
number(const char *text)
{
	int64_t n = -1;
	struct err e;

	if (db_exec_int(&db, text, &n, &e) != 0)
		fail_msg("%s: %s", text, e.text);
	return n;
}

static void
sql(const char *text)
{
	struct err e;

	if (db_exec(&db, text, &e) != 0)
		fail_msg("%s: %s", text, e.text);
}

static int
set_up(void **state)
{
	static const char value[] = "0123456789abcdef";
	struct err e;

	(void)state;
	tempdir_make(&dir);
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0
	    || stmt_dedup_secret_add(&db, (struct slice){ value, 16 }, &e) != 0
	    || dedup_secret(&db, &secret, &e) != 1 || message_blocks_open(&blocks, &db, 0, &e) != 0)
		return -1;
	sql("PRAGMA synchronous=OFF");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	message_blocks_close(&blocks);
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

static void
add(const struct stmt_event_add *event)
{
	struct err e;

	if (message_blocks_advance(&blocks, event->event_id, &e) != 0
	    || stmt_event_add(&db, event, &e) != 0)
		fail_msg("%s", e.text);
	message_blocks_add(&blocks,
	    &(struct event_block_event){
		.event_id = event->event_id,
		.site_id = event->site_id,
		.received_at = event->received_at,
		.kind = event->kind,
		.name = event->name,
		.email = event->email,
	    },
	    event->message_id);
}

static struct stmt_event_add
event_of(int64_t id)
{
	return (struct stmt_event_add){
		.event_id = id,
		.site_id = 1,
		.message_id = SLICE("m"),
		.kind = SLICE("track"),
		.name = SLICE("A"),
		.received_at = 1000 + id,
	};
}

static void
add_range(int64_t from, int64_t to)
{
	sql("BEGIN IMMEDIATE");
	for (int64_t id = from; id <= to; id++) {
		struct stmt_event_add event = event_of(id);

		add(&event);
	}
	sql("COMMIT");
}

static void
rewrite_block_of(int64_t event_id)
{
	int64_t changed = 0;
	struct err e;

	if (message_blocks_change(&db, &changed, event_id, &e) != 0
	    || message_blocks_change(&db, &changed, 0, &e) != 0)
		fail_msg("%s", e.text);
}

static void
times_are_the_earliest_and_the_latest(void **state)
{
	struct stmt_event_add event;

	(void)state;
	add_range(1, 4);
	event = event_of(5);
	event.received_at = 7; /* an imported event */
	add(&event);
	event = event_of(6);
	event.received_at = 9999; /* the clock jumped */
	add(&event);
	add_range(7, BLOCK - 1);
	assert_int_equal(number("SELECT count(*) FROM event_block"), 0);
	add_range(BLOCK, 2 * BLOCK);
	assert_int_equal(number("SELECT count(*) FROM event_block"), 2);
	assert_int_equal(number("SELECT first_received_at FROM event_block WHERE block = 0"), 7);
	assert_int_equal(number("SELECT last_received_at FROM event_block WHERE block = 0"), 9999);
	assert_int_equal(number("SELECT events FROM event_block WHERE block = 0"), BLOCK - 1);
	assert_int_equal(
	    number("SELECT first_received_at FROM event_block WHERE block = 1"), 1000 + BLOCK);
	assert_int_equal(
	    number("SELECT last_received_at FROM event_block WHERE block = 1"), 999 + 2 * BLOCK);
	assert_int_equal(number("SELECT events FROM event_block WHERE block = 1"), BLOCK);
}

static void
events_are_counted_by_site_kind_and_name(void **state)
{
	static const char *const same =
	    "SELECT count(*) FROM (SELECT event_id >> 11 AS block, site_id, kind,"
	    " coalesce(name, '') AS name, count(*) FROM event WHERE event_id < 4096"
	    " GROUP BY 1, 2, 3, 4 EXCEPT SELECT * FROM event_block_count)";
	static const char *const kinds[] = { "track", "page", "identify" };
	static const struct slice names[] = { { NULL, 0 }, { "A", sizeof("A") - 1 },
		{ "B", sizeof("B") - 1 }, { "AB", sizeof("AB") - 1 }, { "a", sizeof("a") - 1 } };
	struct rand rand;

	(void)state;
	rand_seed(&rand, 4);
	for (int64_t id = 1; id <= 2 * BLOCK; id++) {
		struct stmt_event_add event = event_of(id);

		event.site_id = 1 + (int64_t)(rand_u64(&rand) % 2);
		event.kind = slice_from(kinds[rand_u64(&rand) % 3]);
		event.name = names[rand_u64(&rand) % 5];
		add(&event);
	}
	assert_int_equal(number(same), 0);
	assert_int_equal(number("SELECT count(*) FROM event_block_count"), 2 * 2 * 3 * 5);
	assert_int_equal(number("SELECT sum(events) FROM event_block_count"), 2 * BLOCK - 1);
}

static void
a_block_with_too_many_names_is_not_counted(void **state)
{
	int64_t id = 1;

	(void)state;
	for (int64_t names = EVENT_BLOCK_GROUPS - 1; names <= EVENT_BLOCK_GROUPS + 1; names++)
		for (int64_t end = id + BLOCK; id < end; id++) {
			struct stmt_event_add event = event_of(id);
			char name[32];

			snprintf(name, sizeof(name), "name %lld", (long long)(id % names));
			event.name = slice_from(name);
			add(&event);
		}
	assert_int_equal(number("SELECT counted FROM event_block WHERE block = 0"), 1);
	assert_int_equal(number("SELECT counted FROM event_block WHERE block = 1"), 1);
	assert_int_equal(number("SELECT count(*) FROM event_block_count WHERE block = 0"),
	    EVENT_BLOCK_GROUPS - 1);
	assert_int_equal(
	    number("SELECT count(*) FROM event_block_count WHERE block = 1"), EVENT_BLOCK_GROUPS);
	add_range(id, id);
	assert_int_equal(number("SELECT counted FROM event_block WHERE block = 2"), 0);
	assert_int_equal(number("SELECT count(*) FROM event_block_count WHERE block = 2"), 0);
}

/* Returns the number of entries of the block that have this hash, and the sum of their ids. */
static int64_t
find(int64_t block, uint32_t hash, int64_t *ret_sum)
{
	struct slice entries;
	sqlite3_stmt *stmt;
	unsigned place;
	int64_t n = 0;

	*ret_sum = 0;
	sqlite3_prepare_v2(
	    db.handle, "SELECT entries FROM event_address WHERE part = ?1", -1, &stmt, NULL);
	sqlite3_bind_int64(stmt, 1, address_part(block, hash));
	sqlite3_step(stmt);
	entries.p = sqlite3_column_blob(stmt, 0);
	entries.n = (size_t)sqlite3_column_bytes(stmt, 0);
	for (size_t i = address_find(entries, hash); address_at(entries, i, hash, &place); i++) {
		n++;
		*ret_sum += event_block_first(block) + place;
	}
	sqlite3_finalize(stmt);
	return n;
}

/* Every event is found by its address, in any case of letters, and by nothing else. */
static void
addresses_are_found(void **state)
{
	static uint32_t hashes[BLOCK];
	struct rand rand;

	(void)state;
	rand_seed(&rand, 5);
	for (int64_t id = 1; id < BLOCK; id++) {
		struct stmt_event_add event = event_of(id);
		char email[32];

		snprintf(email, sizeof(email), "%c%u@b.cc", id % 2 ? 'u' : 'U',
		    (unsigned)(rand_u64(&rand) % 700));
		if (id % 7 != 0)
			event.email = slice_from(email);
		hashes[id] = address_hash(&secret, slice_from(email));
		assert_true(hashes[id] < 1u << ADDRESS_HASH_BITS);
		add(&event);
	}
	add_range(BLOCK, BLOCK);
	assert_int_equal(number("SELECT count(*) FROM event_address"), ADDRESS_PARTS);
	assert_int_equal(number("SELECT sum(length(entries)) FROM event_address"),
	    ADDRESS_ENTRY_SIZE * (BLOCK - 1 - (BLOCK - 1) / 7));
	for (int64_t id = 1; id < BLOCK; id++) {
		int64_t n = 0, sum = 0, got_sum;

		for (int64_t i = 1; i < BLOCK; i++)
			if (i % 7 != 0 && hashes[i] == hashes[id]) {
				n++;
				sum += i;
			}
		assert_int_equal(find(0, hashes[id], &got_sum), n);
		assert_int_equal(got_sum, sum);
	}
	assert_int_equal(
	    address_hash(&secret, SLICE("A@B.cc")), address_hash(&secret, SLICE("a@b.CC")));
	assert_int_not_equal(
	    address_hash(&secret, SLICE("a@b.cc")), address_hash(&secret, SLICE("b@b.cc")));
}

/* Hashes that lie at the edges of a row of event_address. */
static void
entries_are_told_apart(void **state)
{
	static const unsigned char bytes[] = { 0x05, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct slice entries = { (const char *)bytes, sizeof(bytes) };
	const uint32_t last = (1u << ADDRESS_KEY_BITS) - 1;
	unsigned place;

	(void)state;
	assert_int_equal(address_find(entries, last), 0);
	assert_true(address_at(entries, 0, last, &place));
	assert_int_equal(place, 5);
	assert_true(address_at(entries, 1, last, &place));
	assert_int_equal(place, BLOCK - 1);
	assert_false(address_at(entries, 2, last, &place));
	assert_int_equal(address_find(entries, last - 1), 0);
	assert_false(address_at(entries, 0, last - 1, &place));
	assert_int_equal(address_find(SLICE_NONE, 0), 0);
	assert_false(address_at(SLICE_NONE, 0, 0, &place));
	/* A search for an address reads one range of rows. */
	assert_int_equal(address_part(3, last), 3);
	assert_int_equal(address_part(4, 0), 4);
	assert_int_equal(address_part(3, last + 1), (INT64_C(1) << ADDRESS_BLOCK_BITS) + 3);
	assert_int_equal(address_part(3, (1u << ADDRESS_HASH_BITS) - 1),
	    ((int64_t)(ADDRESS_PARTS - 1) << ADDRESS_BLOCK_BITS) + 3);
}

static void
blocks_that_change_are_written_again(void **state)
{
	struct stmt_event_add event = event_of(1);
	uint32_t hash = address_hash(&secret, SLICE("ann@b.cc"));
	int64_t sum;

	(void)state;
	event.email = SLICE("ann@b.cc");
	add(&event);
	event = event_of(BLOCK);
	event.email = SLICE("ann@b.cc");
	add_range(2, BLOCK - 1);
	add(&event);
	for (int64_t id = BLOCK + 1; id <= BLOCK + 100; id++) {
		char email[32];

		snprintf(email, sizeof(email), "u%lld@b.cc", (long long)id);
		event = event_of(id);
		event.email = slice_from(email);
		add(&event);
	}
	add_range(BLOCK + 101, 2 * BLOCK);
	assert_int_equal(number("SELECT count(*) FROM event_address"), 1 + ADDRESS_PARTS);
	assert_int_equal(find(0, hash, &sum), 1);
	sql("UPDATE event SET email = NULL, name = 'B' WHERE event_id = 1;"
	    "UPDATE event SET received_at = 5 WHERE event_id = 9");
	rewrite_block_of(1);
	assert_int_equal(find(0, hash, &sum), 0);
	assert_int_equal(find(1, hash, &sum), 1);
	assert_int_equal(sum, BLOCK);
	assert_int_equal(number("SELECT first_received_at FROM event_block WHERE block = 0"), 5);
	assert_int_equal(
	    number("SELECT events FROM event_block_count WHERE block = 0 AND name = 'B'"), 1);
	assert_int_equal(
	    number("SELECT events FROM event_block_count WHERE block = 0 AND name = 'A'"),
	    BLOCK - 2);
	/* A block without events has no rows. */
	sql("DELETE FROM event WHERE event_id >= 2048");
	rewrite_block_of(BLOCK);
	assert_int_equal(number("SELECT max(block) FROM event_block"), 0);
	assert_int_equal(number("SELECT max(block) FROM event_block_count"), 0);
	assert_int_equal(number("SELECT count(*) FROM event_address"), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(times_are_the_earliest_and_the_latest),
		TEST(events_are_counted_by_site_kind_and_name),
		TEST(a_block_with_too_many_names_is_not_counted),
		TEST(addresses_are_found),
		TEST(entries_are_told_apart),
		TEST(blocks_that_change_are_written_again),
	};

	return cmocka_run_group_tests_name("event_block", tests, NULL, NULL);
}
