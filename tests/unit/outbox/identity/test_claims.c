/*
 * outbox/identity/claims: which reads the memory of claims saves, and that it is never out of date.
 */
#include "lib/unit.h"

#include "lib/tempdir.h"
#include "outbox/file/migrate.h"
#include "outbox/operate/erase.h"
#include "outbox/write/store.h"
#include "unit/outbox/identity/identity_fixture.h"

#define T0 INT64_C(1000000)

static struct tempdir dir;
static struct db db;
static struct claims claims;
static struct identity_site site = { .site_id = 1, .max_ids = 1000 };

static void
run(const char *sql)
{
	struct err e;

	if (db_exec(&db, sql, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
}

static int
open_alone(void **state)
{
	struct err e;

	(void)state;
	tempdir_make(&dir);
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0)
		return -1;
	run("INSERT INTO site (site_id, name) VALUES (1, 'main')");
	return claims_open(&claims, &e);
}

static int
close_alone(void **state)
{
	(void)state;
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

/* Stores a call with both ids; returns the number of claims. */
static int64_t
call(const char *user_id, const char *device, int64_t at)
{
	static int64_t event_id;
	const struct segment_event event = {
		.kind = KIND_TRACK,
		.user_id = slice_from(user_id),
		.anonymous_id = slice_from(device),
		.occurred_at = at,
	};
	struct err e;
	int64_t n;
	bool news;

	assert_int_equal(identity_learn(&db, &claims, &site, &event, ++event_id, at, &news, &e), 0);
	assert_int_equal(db_exec_int(&db, "SELECT count(*) FROM identity", &n, &e), 0);
	return n;
}

/* Empties the table without telling the memory: the next call must not read it. */
static void
forget_in_secret(void)
{
	run("DELETE FROM identity");
}

static void
a_call_that_says_the_same_reads_nothing(void **state)
{
	(void)state;
	assert_int_equal(call("u", "a", T0), 1);
	assert_int_equal(call("u", "a", T0 + 1), 1);
	forget_in_secret();
	assert_int_equal(call("u", "a", T0 + 1), 0);
	assert_int_equal(call("u", "a", T0 + IDENTITY_CLAIM_STEP_MS - 1), 0);
	claims_clear(&claims);
	assert_int_equal(call("u", "a", T0), 1);
}

static void
at_the_step_the_claim_is_prolonged(void **state)
{
	struct err e;
	int64_t n;

	(void)state;
	call("u", "a", T0);
	call("u", "a", T0 + 1);
	call("u", "a", T0 + IDENTITY_CLAIM_STEP_MS);
	assert_int_equal(db_exec_int(&db, "SELECT said_at FROM identity", &n, &e), 0);
	assert_int_equal(n, T0 + IDENTITY_CLAIM_STEP_MS);
}

static void
another_user_another_device_and_an_earlier_time_are_looked_up(void **state)
{
	(void)state;
	call("u", "a", T0);
	call("u", "a", T0 + 1);
	assert_int_equal(call("u", "b", T0 + 2), 2);
	forget_in_secret();
	assert_int_equal(call("v", "a", T0 + 3), 1);
	forget_in_secret();
	assert_int_equal(call("u", "a", T0 + 4), 1); /* v's call replaced the remembered claim */
	call("u", "a", T0 + 5);
	forget_in_secret();
	assert_int_equal(call("u", "a", T0 + 3), 1);
}

static void
the_same_ids_of_two_sites_are_two(void **state)
{
	struct claims_pair here, there;

	(void)state;
	here = claims_pair(&claims, 1, SLICE("a"), SLICE("u"));
	there = claims_pair(&claims, 2, SLICE("a"), SLICE("u"));
	claims_keep(&claims, here, T0, 1, T0 + 10);
	assert_true(claims_has(&claims, here, T0, 1));
	assert_false(claims_has(&claims, here, T0, 0));
	assert_false(claims_has(&claims, here, T0 + 10, 1));
	assert_false(claims_has(&claims, there, T0, 1));
	claims_drop(&claims, here);
	assert_false(claims_has(&claims, here, T0, 1));
}

static void
expect_device(const char *device)
{
	char sql[100];
	struct err e;
	int64_t n;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM identity WHERE id = '%s'", device);
	assert_int_equal(db_exec_int(&db, sql, &n, &e), 0);
	assert_int_equal(n, 1);
}

static void
a_claim_that_made_room_is_learned_again(void **state)
{
	(void)state;
	site.max_ids = 1;
	call("u", "a", T0);
	call("u", "a", T0 + 1);
	assert_int_equal(call("v", "b", T0 + 2), 1);
	call("u", "a", T0 + 3);
	site.max_ids = 1000;
	expect_device("a");
}

static void
the_oldest_of_too_many_devices_is_learned_again(void **state)
{
	char device[8];

	(void)state;
	for (int i = 0; i <= IDENTITY_IDS; i++) {
		snprintf(device, sizeof(device), "d-%d", i);
		call("u", device, T0);
		call("u", device, T0 + 1);
	}
	assert_int_equal(call("u", "d-0", T0 + 2), IDENTITY_IDS);
	expect_device("d-0");
}

/* ---- in an outbox ---------------------------------------------------------------------------- */

static void
fill(void)
{
	track("u", "a");
	track("u", "a");
	assert_int_equal(size(), 1);
}

static void
an_erased_device_is_learned_again(void **state)
{
	struct outbox_erase erase = { .email = "ann@example.com", .actor = "ann" };

	(void)state;
	identify("u", NULL, "ann@example.com");
	track("u", "a");
	track("u", "a");
	assert_int_equal(size(), 2);
	do
		assert_int_equal(rig_send(&erase.msg, OUTBOX_ERASE), 0);
	while (erase.more);
	assert_int_equal(size(), 0);
	track("u", "a");
	assert_int_equal(size(), 1);
}

static void
a_device_that_a_limit_removed_is_learned_again(void **state)
{
	(void)state;
	fill();
	wait_for(0, true);
	assert_int_equal(size(), 0);
	wait_for(1000, true);
	fill();
	track("v", "b"); /* of two colliding devices, the older is forgotten */
	wait_for(1, true);
	track("v", "b");
	wait_for(1000, true);
	track("u", "a");
	assert_int_equal(size(), 2);
}

static void
a_rollback_is_not_remembered(void **state)
{
	struct store store = { .stale = false };
	struct unresolved unresolved = { .resolving = false };
	struct dedup dedup;
	struct rand rand;
	struct err e;

	(void)state;
	rand_seed(&rand, 1);
	assert_int_equal(dedup_open(&dedup, &db, &e), 0);
	assert_int_equal(store_open(&store, &db, &dedup, &rand, &unresolved, &e), 0);
	claims_keep(
	    &store.claims, claims_pair(&store.claims, 1, SLICE("a"), SLICE("u")), T0, 1, T0 + 10);
	store_rolled_back(&store);
	assert_false(claims_has(
	    &store.claims, claims_pair(&store.claims, 1, SLICE("a"), SLICE("u")), T0, 1));
	store_close(&store);
	dedup_close(&dedup);
}

#define alone(test) cmocka_unit_test_setup_teardown(test, open_alone, close_alone)
#define in_outbox(test) cmocka_unit_test_setup_teardown(test, set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		alone(a_call_that_says_the_same_reads_nothing),
		alone(at_the_step_the_claim_is_prolonged),
		alone(another_user_another_device_and_an_earlier_time_are_looked_up),
		alone(the_same_ids_of_two_sites_are_two),
		alone(a_claim_that_made_room_is_learned_again),
		alone(the_oldest_of_too_many_devices_is_learned_again),
		alone(a_rollback_is_not_remembered),
		in_outbox(an_erased_device_is_learned_again),
		in_outbox(a_device_that_a_limit_removed_is_learned_again),
	};

	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
