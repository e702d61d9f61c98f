/* Duplicates: every messageId is found again, in memory or in the file, even after restarts and
 * rollbacks. */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "base/secret/siphash.h"
#include "lib/tempdir.h"
#include "outbox/dedup/dedup.h"
#include "outbox/file/migrate.h"
#include "outbox/write/store.h"

static struct tempdir dir;
static struct db db;
static struct dedup dedup;

static int
set_up(void **state)
{
	struct err e;

	(void)state;
	tempdir_make(&dir);
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0
	    || dedup_open(&dedup, &db, &e) != 0)
		return -1;
	/* This test does not need durability, and writes 200,000 rows. */
	return db_exec(&db, "PRAGMA synchronous=OFF", &e);
}

static int
tear_down(void **state)
{
	(void)state;
	dedup_close(&dedup);
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

static struct slice
id_text(char text[32], int64_t n)
{
	snprintf(text, 32, "message-%lld", (long long)n);
	return slice_from(text);
}

static void
add(int64_t n)
{
	struct err e;
	char text[32];
	struct slice id = id_text(text, n);
	uint64_t key = dedup_key(&dedup, 1, id);

	assert_int_equal(
	    stmt_event_add(&db,
		&(struct stmt_event_add){
		    .event_id = n, .site_id = 1, .message_id = id, .kind = SLICE("track") },
		&e),
	    0);
	assert_int_equal(dedup_add(&dedup, &db, key, n, &e), 0);
}

static void
add_range(int64_t from, int64_t to)
{
	assert_int_equal(db_exec(&db, "BEGIN IMMEDIATE", NULL), 0);
	for (int64_t n = from; n <= to; n++)
		add(n);
	assert_int_equal(db_exec(&db, "COMMIT", NULL), 0);
}

static int
find(int64_t site, int64_t n, int64_t *ret_event_id)
{
	struct err e;
	char text[32];
	struct slice id = id_text(text, n);

	return dedup_find(&dedup, &db, dedup_key(&dedup, site, id), site, id, ret_event_id, &e);
}

static void
assert_all_found_up_to(int64_t n)
{
	int64_t event_id;

	for (int64_t i = 1; i <= n; i++) {
		if (find(1, i, &event_id) != 1 || event_id != i)
			fail_msg("message %lld of %lld is not found", (long long)i, (long long)n);
	}
}

static void
assert_all_found(int64_t n)
{
	int64_t event_id;

	assert_all_found_up_to(n);
	assert_int_equal(find(1, n + 1, &event_id), 0);
	assert_int_equal(find(2, 1, &event_id), 0);
}

static int64_t
number(const char *sql)
{
	int64_t n = -1;

	assert_int_equal(db_exec_int(&db, sql, &n, NULL), 0);
	return n;
}

static void
reopen(void)
{
	struct err e;

	dedup_close(&dedup);
	assert_int_equal(dedup_open(&dedup, &db, &e), 0);
}

static void
siphash_gives_the_vectors_of_its_paper(void **state)
{
	unsigned char in[15];
	struct siphash_key key = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };

	(void)state;
	for (unsigned char i = 0; i < sizeof(in); i++)
		in[i] = i;
	assert_true(siphash(&key, in, 15) == UINT64_C(0xa129ca6149be45e5));
	assert_true(siphash(&key, in, 0) == UINT64_C(0x726fdb47dd0e0e31));
	assert_true(siphash(&key, in, 8) == UINT64_C(0x93f5f5799a932462));
}

static int64_t
entries_in_file(void)
{
	return number("SELECT coalesce(sum(length(entries)), 0) / 8 FROM dedup_bucket");
}

static void
few_ids_stay_in_memory_and_survive_a_restart(void **state)
{
	(void)state;
	add_range(1, DEDUP_KEEP - 1);
	assert_int_equal(entries_in_file(), 0);
	assert_all_found(DEDUP_KEEP - 1);
	reopen();
	assert_all_found(DEDUP_KEEP - 1);
	add_range(DEDUP_KEEP, DEDUP_KEEP);
	assert_true(entries_in_file() > 0);
	assert_all_found(DEDUP_KEEP);
}

static void
many_ids_move_to_the_file_and_memory_stays_bounded(void **state)
{
	int64_t total = 7 * DEDUP_KEEP + 17, floor, kept;

	(void)state;
	for (int64_t at = 0; at < total; at += 5000) {
		add_range(at + 1, at + 5000 < total ? at + 5000 : total);
		assert_true(dedup.n < DEDUP_KEEP);
	}
	char sql[80];
	assert_int_equal(entries_in_file() + (int64_t)dedup.n, total);
	/* A start reads a bounded number of rows again. */
	floor = number("SELECT floor FROM dedup_level WHERE level = 0");
	assert_true(floor > 0 && total - floor <= 4 * DEDUP_KEEP + 5000);
	assert_all_found(total);
	kept = (int64_t)dedup.n;
	reopen();
	assert_true(dedup.n < DEDUP_KEEP);
	/* Some ids had already moved in this round, and move again: no others do. */
	assert_true(entries_in_file() - (total - kept) < DEDUP_KEEP);
	assert_all_found(total);
	/* Everything up to the floor is in the levels. */
	snprintf(sql, sizeof(sql), "DELETE FROM event WHERE event_id > %lld", (long long)floor);
	assert_int_equal(db_exec(&db, sql, NULL), 0);
	assert_int_equal(db_exec(&db, "DELETE FROM dedup_recent", NULL), 0);
	reopen();
	assert_int_equal(dedup.n, 0);
	assert_all_found_up_to(floor);
}

static void
a_block_has_a_row_once_it_is_complete(void **state)
{
	(void)state;
	add_range(1, DEDUP_BLOCK_EVENTS - 1);
	assert_int_equal(number("SELECT count(*) FROM dedup_recent"), 0);
	add_range(DEDUP_BLOCK_EVENTS, DEDUP_BLOCK_EVENTS);
	assert_int_equal(number("SELECT length(entries) / 8 FROM dedup_recent WHERE block = 0"),
	    DEDUP_BLOCK_EVENTS - 1);
	/* A restart within a block leaves nothing out of its row. */
	reopen();
	add_range(DEDUP_BLOCK_EVENTS + 1, 2 * DEDUP_BLOCK_EVENTS);
	assert_int_equal(number("SELECT length(entries) / 8 FROM dedup_recent WHERE block = 1"),
	    DEDUP_BLOCK_EVENTS);
	assert_int_equal(number("SELECT count(*) FROM dedup_recent"), 2);
	assert_all_found(2 * DEDUP_BLOCK_EVENTS);
}

/* Events whose messageIds are not what they were would not be found if a start read them. */
static void
a_start_reads_the_events_of_the_newest_block_only(void **state)
{
	const int64_t total = 3 * DEDUP_KEEP + 700, rows = 4 * DEDUP_KEEP / DEDUP_BLOCK_EVENTS + 1;

	(void)state;
	for (int64_t at = 0; at < total; at += 5000)
		add_range(at + 1, at + 5000 < total ? at + 5000 : total);
	assert_in_range(number("SELECT count(*) FROM dedup_recent"), 1, rows);
	assert_int_equal(number("SELECT count(*) FROM dedup_recent WHERE block < (SELECT floor + 1"
				" FROM dedup_level WHERE level = 0) >> 11"),
	    0);
	assert_int_equal(db_exec(&db,
			     "UPDATE event SET message_id = 'x' || message_id"
			     " WHERE event_id >> 11 < (SELECT max(event_id) >> 11 FROM event)",
			     NULL),
	    0);
	reopen();
	assert_int_equal(
	    db_exec(&db, "UPDATE event SET message_id = ltrim(message_id, 'x')", NULL), 0);
	assert_all_found(total);
}

/* Random ids never fill a bucket, but a flood of ids for one bucket does. */
static void
a_full_bucket_leaves_memory_before_its_turn(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(db_exec(&db, "BEGIN IMMEDIATE", NULL), 0);
	for (int64_t n = 1; n <= DEDUP_BUCKET_KEEP; n++)
		assert_int_equal(dedup_add(&dedup, &db, (uint64_t)n, n, &e), 0);
	assert_int_equal(dedup.n, DEDUP_BUCKET_KEEP);
	assert_int_equal(entries_in_file(), 0);
	assert_int_equal(dedup_add(&dedup, &db, 1, DEDUP_BUCKET_KEEP + 1, &e), 0);
	assert_int_equal(dedup.n, 1);
	assert_int_equal(entries_in_file(), DEDUP_BUCKET_KEEP);
	assert_int_equal(db_exec(&db, "COMMIT", NULL), 0);
}

static void
ids_end_at_a_stated_number(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(dedup_add(&dedup, &db, 1, DEDUP_ID_MAX - 1, &e), 0);
	assert_int_equal(dedup_add(&dedup, &db, 1, DEDUP_ID_MAX, &e), 0);
	assert_int_equal(dedup_add(&dedup, &db, 1, DEDUP_ID_MAX + 1, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(dedup.n, 2);
}

static void
ids_of_a_transaction_rolled_back_are_new_again(void **state)
{
	int64_t event_id;

	(void)state;
	add_range(1, DEDUP_KEEP - 1);
	assert_int_equal(db_exec(&db, "BEGIN IMMEDIATE", NULL), 0);
	for (int64_t n = DEDUP_KEEP; n < DEDUP_KEEP + 1000; n++)
		add(n);
	assert_true(entries_in_file() > 500);
	assert_int_equal(db_exec(&db, "ROLLBACK", NULL), 0);
	assert_int_equal(dedup_load(&dedup, &db, NULL), 0);
	assert_int_equal(find(1, DEDUP_KEEP, &event_id), 0);
	assert_int_equal(entries_in_file(), 0);
	assert_all_found(DEDUP_KEEP - 1);
}

/* ---- a model --------------------------------------------------------------------------------- */

#define MODEL_MAX 120000

static unsigned char model[MODEL_MAX]; /* by message: 1 stored, 2 rolled back or purged */

static void
model_check(struct rand *rand, int64_t next)
{
	for (int i = 0; i < 3000; i++) {
		int64_t n = 1 + (int64_t)(rand_u64(rand) % (uint64_t)next), event_id = 0;
		int rc = find(1, n, &event_id);

		if (rc != (model[n] == 1) || (rc == 1 && event_id != n))
			fail_msg("message %lld of %lld: %d", (long long)n, (long long)next, rc);
	}
}

/* Runs stored and rolled-back transactions of random lengths, restarts, and retention. */
static void
a_model_agrees_over_any_history(void **state)
{
	int64_t next = 1, purged = 0;
	char text[160];
	struct rand rand;

	(void)state;
	rand_seed(&rand, 5);
	memset(model, 0, sizeof(model));
	while (next < MODEL_MAX - 6000) {
		int64_t end = next + 1 + (int64_t)(rand_u64(&rand) % 5000);
		bool stays = rand_u64(&rand) % 4 != 0;

		assert_int_equal(db_exec(&db, "BEGIN IMMEDIATE", NULL), 0);
		for (; next < end; next++) {
			add(next);
			model[next] = stays ? 1 : 2;
		}
		assert_int_equal(db_exec(&db, stays ? "COMMIT" : "ROLLBACK", NULL), 0);
		if (!stays)
			assert_int_equal(dedup_load(&dedup, &db, NULL), 0);
		if (rand_u64(&rand) % 5 == 0)
			reopen();
		if (rand_u64(&rand) % 3 == 0) {
			int64_t to =
			    purged + (int64_t)(rand_u64(&rand) % (uint64_t)(next - purged));

			snprintf(text, sizeof(text),
			    "DELETE FROM event WHERE event_id BETWEEN %lld AND %lld AND event_id "
			    "%% 7 > 0",
			    (long long)purged + 1, (long long)to);
			assert_int_equal(db_exec(&db, text, NULL), 0);
			if (to > 0)
				assert_int_equal(stmt_purge_note_event(&db, to, NULL), 0);
			for (int64_t n = purged + 1; n <= to; n++)
				model[n] = model[n] == 1 && n % 7 > 0 ? 2 : model[n];
			purged = to;
		}
		model_check(&rand, next - 1);
	}
	/* Entries of events that retention removed do not stay forever. */
	assert_true(entries_in_file() < number("SELECT count(*) FROM event") + 40000);
}

static void
equal_hashes_of_different_ids_are_distinguished(void **state)
{
	struct err e;
	char text[32];
	int64_t event_id;
	struct slice stranger = SLICE("stranger");
	uint64_t key;

	(void)state;
	add_range(1, 1);
	key = dedup_key(&dedup, 1, id_text(text, 1));
	assert_int_equal(dedup_find(&dedup, &db, key, 1, stranger, &event_id, &e), 0);
}

static void
purged_events_are_forgotten(void **state)
{
	int64_t event_id;

	(void)state;
	add_range(1, 3);
	assert_int_equal(db_exec(&db, "DELETE FROM event WHERE event_id = 2", NULL), 0);
	assert_int_equal(find(1, 2, &event_id), 0);
	assert_int_equal(find(1, 3, &event_id), 1);
}

/* While another program holds the lock, memory cannot be read again, and nothing may be stored. */
static void
memory_is_read_again_after_a_rollback_even_late(void **state)
{
	struct segment_event event = { .body = SLICE("{}"),
		.kind = KIND_TRACK,
		.message_id = SLICE("message-1"),
		.status = STATUS_PENDING };
	struct outbox_put message = { .site_id = 1, .events = &event, .n_events = 1 };
	struct rand rand;
	struct store store;
	struct db other;
	struct err e;
	struct unresolved unresolved;
	struct transaction t = { .db = &db, .store = &store };

	(void)state;
	rand_seed(&rand, 1);
	add_range(1, 10);
	unresolved_open(&unresolved, &db);
	assert_int_equal(store_open(&store, &db, &dedup, &rand, &unresolved, &e), 0);
	sqlite3_busy_timeout(db.handle, 0);
	assert_int_equal(db_open(&other, dir.file, DB_WRITE, &e), 0);
	assert_int_equal(db_exec(&other, "BEGIN IMMEDIATE", &e), 0);
	store_rolled_back(&store);
	assert_int_equal(store_prepare(&store, &e), -1);
	assert_int_equal(store_prepare(&store, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(db_exec(&other, "COMMIT", &e), 0);
	db_close(&other, NULL);
	assert_int_equal(store_prepare(&store, &e), 0);
	assert_int_equal(store_events(&t, &message, &e), 0);
	store_close(&store);
	assert_int_equal(message.n_duplicates, 1);
	assert_int_equal(t.counts.duplicates, 1);
	assert_false(t.due);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_gives_the_vectors_of_its_paper),
		cmocka_unit_test_setup_teardown(
		    few_ids_stay_in_memory_and_survive_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    many_ids_move_to_the_file_and_memory_stays_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_block_has_a_row_once_it_is_complete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_start_reads_the_events_of_the_newest_block_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_full_bucket_leaves_memory_before_its_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ids_end_at_a_stated_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_model_agrees_over_any_history, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    ids_of_a_transaction_rolled_back_are_new_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    memory_is_read_again_after_a_rollback_even_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    equal_hashes_of_different_ids_are_distinguished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(purged_events_are_forgotten, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("dedup", tests, NULL, NULL);
}
