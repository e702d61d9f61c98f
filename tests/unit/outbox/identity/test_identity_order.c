/*
 * Identity does not depend on the order of arrival: calls are stored in every order, and in longer
 * random sequences, and each event must go where the model says. A failing sequence is shortened as
 * far as possible and printed with its seed.
 *
 *	test_identity_order --sequences 100000	how many of each kind
 *	test_identity_order --seed 17		replays one of each kind
 */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tempdir.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"
#include "outbox/write/store.h"
#include "unit/outbox/identity/identity_scenarios.h"

#define SEQUENCES 1000 /* of each kind */
#define KEEP 200       /* sequences in one transaction */
#define RECEIVED_AT 1000000

static uint64_t n_sequences = SEQUENCES, first_seed = 1;
static size_t played, stored;

/* ---- an outbox ------------------------------------------------------------------------------- */

static struct tempdir dir;
static struct db db;
static struct dedup dedup;
static struct rand rand_ids;
static struct unresolved unresolved;
static struct store outbox;
static sqlite3_stmt *read_event;

static void
run(const char *sql)
{
	struct err e;

	if (db_exec(&db, sql, &e) != 0)
		fail_msg("%s: %s", sql, e.text);
}

static int
set_up(void **state)
{
	struct identity_site wants = { .site_id = 1, .max_ids = INT64_MAX, .waits = true };
	struct err e;

	(void)state;
	tempdir_make(&dir);
	rand_seed(&rand_ids, 1);
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0
	    || dedup_open(&dedup, &db, &e) != 0)
		return -1;
	unresolved_open(&unresolved, &db);
	if (unresolved_set_sites(&unresolved, &wants, 1, &e) != 0
	    || store_open(&outbox, &db, &dedup, &rand_ids, &unresolved, &e) != 0)
		return -1;
	run("PRAGMA synchronous=OFF");
	run("INSERT INTO site (site_id, name) VALUES (1, 'main')");
	run("BEGIN");
	return sqlite3_prepare_v2(db.handle,
	    "SELECT email, status = 'pending' AND reason IS 'awaiting_identity' AND "
	    "awaiting_since IS NOT NULL FROM state WHERE event_id = ?1",
	    -1, &read_event, NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	run("COMMIT");
	sqlite3_finalize(read_event);
	unresolved_close(&unresolved);
	store_close(&outbox);
	dedup_close(&dedup);
	db_close(&db, NULL);
	tempdir_remove(&dir);
	return 0;
}

/* Each sequence has its own ids. */
static struct slice
text_of(char text[32], char letter)
{
	if (letter == 0)
		return SLICE_NONE;
	snprintf(text, 32, "%c-%zu%s", letter, played, letter < 'a' ? "@example.com" : "");
	return slice_from(text);
}

static int64_t
store(const struct call *call)
{
	char user[32], anonymous[32], previous[32], email[32];
	bool track = call->kind == KIND_TRACK;
	const struct segment_event event = {
		.body = SLICE("{}"),
		.kind = call->kind,
		.name = SLICE("Seen"),
		.user_id = text_of(user, call->user),
		.anonymous_id = text_of(anonymous, call->anonymous),
		.previous_id = text_of(previous, call->previous),
		.email = text_of(email, call->email),
		.occurred_at = call->at,
		.status = track ? STATUS_INVALID : STATUS_UNSUPPORTED,
		.reason = track ? segment_no_email : "unsupported_event_type",
	};
	struct outbox_put message = {
		.site_id = 1, .received_at = RECEIVED_AT, .events = &event, .n_events = 1
	};
	struct transaction transaction = { .db = &db, .store = &outbox, .now = RECEIVED_AT };
	struct err e;

	if (store_events(&transaction, &message, &e) != 0 || store_write(&outbox, true, &e) != 0)
		fail_msg("%s", e.text);
	stored++;
	return message.first_event_id;
}

/* Returns the letter of the address that an event goes to; 0 when it waits; ? otherwise. */
static char
read_address(int64_t event_id)
{
	const unsigned char *email;
	char letter;

	sqlite3_bind_int64(read_event, 1, event_id);
	assert_int_equal(sqlite3_step(read_event), SQLITE_ROW);
	email = sqlite3_column_text(read_event, 0);
	letter = email == NULL ? 0 : (char)email[0];
	if (sqlite3_column_int(read_event, 1) != (letter == 0))
		letter = '?';
	sqlite3_reset(read_event);
	return letter;
}

/* Stores the calls in order; records the address of each event. */
static void
play(const struct call *calls, size_t n, char went[])
{
	int64_t event_id[SEQUENCE_CALLS];

	if (++played % KEEP == 0)
		run("COMMIT; BEGIN");
	for (size_t i = 0; i < n; i++)
		event_id[i] = store(&calls[i]);
	for (size_t i = 0; i < n; i++)
		went[i] = calls[i].kind == KIND_TRACK ? read_address(event_id[i]) : 0;
}

/* ---- what must hold -------------------------------------------------------------------------- */

/* Whether the order of arrival must make no difference. */
static bool
is_order_free(enum promise promise, const struct call *calls, size_t n)
{
	return promise == PROMISE_ANY_ORDER
	       || (promise == PROMISE_DEVICE_ORDER && sequence_keeps_device_order(calls, n));
}

/* Returns an error text when an event went to a wrong address; NULL otherwise. */
static const char *
find_fault(enum promise promise, const struct call *calls, size_t n, size_t i, char went)
{
	if (calls[i].kind != KIND_TRACK)
		return NULL;
	if (calls[i].user != 0 && went != 0 && !model_is_of_user(calls, n, calls[i].user, went))
		return "it went to an address of another user";
	if (is_order_free(promise, calls, n) && went != model_resolve(calls, n, i))
		return "the order of arrival made a difference";
	if (promise == PROMISE_ARRIVED && went != model_arrive(calls, n, i))
		return "it was not resolved by the calls that had arrived";
	return NULL;
}

/* Returns 1 when the sequence fails, and prints why. */
static bool
fails(enum promise promise, const struct call *calls, size_t n, const char **ret_why, size_t *ret_i)
{
	char went[SEQUENCE_CALLS];

	play(calls, n, went);
	for (size_t i = 0; i < n; i++) {
		*ret_why = find_fault(promise, calls, n, i, went[i]);
		*ret_i = i;
		if (*ret_why != NULL)
			return true;
	}
	return false;
}

static void
print_call(const struct call *call)
{
	const char ids[] = { call->user, call->anonymous, call->previous, call->email };
	static const char *const names[] = { "userId", "anonymousId", "previousId", "email" };

	fprintf(stderr, "  %4d  %s", call->at, kind_name(call->kind));
	for (size_t i = 0; i < sizeof(ids); i++)
		if (ids[i] != 0)
			fprintf(stderr, " %s=%c", names[i], ids[i]);
	fprintf(stderr, "\n");
}

/* Drops calls while the sequence still fails without them. Aliases stay: they define the
 * persons. */
static size_t
shrink(enum promise promise, struct call *calls, size_t n)
{
	const char *why;
	size_t which;

	for (size_t i = 0; i < n;) {
		struct call fewer[SEQUENCE_CALLS];

		memcpy(fewer, calls, n * sizeof(*calls));
		memmove(&fewer[i], &fewer[i + 1], (n - i - 1) * sizeof(*calls));
		if ((promise == PROMISE_ANY_ORDER && calls[i].kind == KIND_ALIAS)
		    || !fails(promise, fewer, n - 1, &why, &which)) {
			i++;
			continue;
		}
		memcpy(calls, fewer, --n * sizeof(*calls));
		i = 0;
	}
	return n;
}

static void
check(const char *name, enum promise promise, const struct call *sequence, size_t n)
{
	struct call calls[SEQUENCE_CALLS];
	const char *why;
	size_t which;

	if (!fails(promise, sequence, n, &why, &which))
		return;
	memcpy(calls, sequence, n * sizeof(*calls));
	n = shrink(promise, calls, n);
	if (!fails(promise, calls, n, &why, &which))
		fail_msg("%s: fails only sometimes", name);
	fprintf(stderr, "%s: in this order of arrival (time, call):\n", name);
	for (size_t i = 0; i < n; i++)
		print_call(&calls[i]);
	fail_msg("%s: call %zu: %s", name, which + 1, why);
}

/* ---- every order ----------------------------------------------------------------------------- */

/* Tries every permutation, by Heap's algorithm. */
static void
permute(const struct scenario *s, struct call *calls, size_t n, size_t k)
{
	if (k <= 1) {
		check(s->name, s->promise, calls, n);
		return;
	}
	for (size_t i = 0; i < k; i++) {
		size_t other = k % 2 == 0 ? i : 0;
		struct call call;

		permute(s, calls, n, k - 1);
		call = calls[other];
		calls[other] = calls[k - 1];
		calls[k - 1] = call;
	}
}

static void
every_order_of_arrival(void **state)
{
	size_t before = played;

	(void)state;
	for (size_t i = 0; i < n_scenarios; i++) {
		struct call calls[SCENARIO_CALLS];
		size_t n = scenario_size(&scenarios[i]);

		memcpy(calls, scenarios[i].calls, n * sizeof(*calls));
		permute(&scenarios[i], calls, n, n);
	}
	print_message("%zu orders of %zu scenarios\n", played - before, n_scenarios);
}

/* ---- random sequences ------------------------------------------------------------------------ */

static void
try_sequences(const char *name, enum promise promise)
{
	for (uint64_t seed = first_seed; seed < first_seed + n_sequences; seed++) {
		struct call calls[SEQUENCE_CALLS];
		struct rand rand;
		char title[64];

		rand_seed(&rand, seed);
		snprintf(title, sizeof(title), "%s, seed %llu", name, (unsigned long long)seed);
		check(title, promise, calls, sequence_make(&rand, promise, calls));
	}
}

static void
persons_with_devices_of_their_own(void **state)
{
	(void)state;
	try_sequences("persons of their own devices", PROMISE_ANY_ORDER);
}

static void
users_who_share_devices(void **state)
{
	(void)state;
	try_sequences("users who share devices", PROMISE_DEVICE_ORDER);
}

static void
whatever_calls_say(void **state)
{
	(void)state;
	try_sequences("whatever calls say", PROMISE_ARRIVED);
}

static void
read_arguments(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2)
		if (strcmp(argv[i], "--sequences") == 0) {
			n_sequences = strtoull(argv[i + 1], NULL, 10);
		} else if (strcmp(argv[i], "--seed") == 0) {
			first_seed = strtoull(argv[i + 1], NULL, 10);
			n_sequences = 1;
		}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_of_arrival),
		cmocka_unit_test(persons_with_devices_of_their_own),
		cmocka_unit_test(users_who_share_devices),
		cmocka_unit_test(whatever_calls_say),
	};
	int failed;

	read_arguments(argc, argv);
	failed = cmocka_run_group_tests(tests, set_up, tear_down);
	printf("%zu sequences, %zu calls\n", played, stored);
	return failed;
}
