/*
 * Whatever an operator asks of a large file, with a limit: the work does not grow with the number
 * of events, only (and little) with the number of their blocks. Work is counted in steps of
 * SQLite's machine, of which reading one event takes 10 or more.
 */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "lib/tempdir.h"
#include "outbox/dedup/dedup.h"
#include "outbox/file/migrate.h"
#include "outbox/operate/operate.h"
#include "outbox/operate/purge.h"
#include "outbox/read/audit_private.h"
#include "outbox/read/audit_walk.h"
#include "outbox/write/message_blocks.h"

#define BLOCKS 64
#define EVENTS (BLOCKS * EVENT_BLOCK_EVENTS + 99) /* the newest block is not complete */
#define TICK 1000                                 /* ms between events */
#define HALF (EVENTS / 2)
/* Enough for three blocks of events; all events take several times as many. */
#define STEPS_MAX 450000
/* Enough for a few events; a block of events takes several times as many. */
#define POLL_STEPS_MAX 5000
#define LIMIT 20

static struct tempdir dir;
static struct db db;
static struct outbox_audit *audit;

/* As a writer leaves it: some hashes of messageIds are in the levels, the others in blocks. */
static int
fill_dedup(struct err *e)
{
	struct dedup dedup;

	if (dedup_open(&dedup, &db, e) != 0)
		return -1;
	dedup_close(&dedup);
	return 0;
}

static void
sql(const char *text)
{
	struct err e;

	if (db_exec(&db, text, &e) != 0)
		fail_msg("%s: %s", text, e.text);
}

/* All events of block 32 are named Rare; each 100th event has an address. */
static int
set_up(void **state)
{
	char text[1024];
	struct err e;

	(void)state;
	tempdir_make(&dir);
	if (db_open(&db, dir.file, DB_WRITE, &e) != 0
	    || migrate_run(&db, dir.file, schema_migrations, SCHEMA_VERSION, &e) != 0
	    || stmt_dedup_secret_add(&db, SLICE("0123456789abcdef"), &e) != 0)
		return -1;
	sql("PRAGMA synchronous=OFF; INSERT INTO site (site_id, name) VALUES (1, 'one')");
	snprintf(text, sizeof(text),
	    "WITH RECURSIVE n (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM n WHERE id < %d) "
	    "INSERT INTO event (event_id, site_id, message_id, kind, name, email, occurred_at,"
	    " received_at, body) SELECT id, 1, 'm' || id, 'track',"
	    " iif(id >> 11 = 32, 'Rare', 'Order'), iif(id %% 100 = 0, 'a@b.cc', NULL), 1,"
	    " id * %d, '{}' FROM n",
	    EVENTS, TICK);
	sql(text);
	if (message_blocks_rebuild(&db, &e) != 0 || fill_dedup(&e) != 0)
		fail_msg("%s", e.text);
	sql("INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at, events,"
	    " first_event_id, last_event_id, bytes, outcome)"
	    " VALUES (1, 1, 1, 1, 1, 1, 1, 1, 1, 'delivered')");
	snprintf(text, sizeof(text),
	    "INSERT INTO operation_event (operation_id, event_id, status, attempts,"
	    " next_attempt_at) VALUES (1, %d, 'pending', 0, 0)",
	    EVENTS);
	sql(text);
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

/* ---- the states of the file ------------------------------------------------------------------ */

static void
all_are_pending(void)
{
	sql("DELETE FROM span; DELETE FROM delivery;"
	    "INSERT INTO span (site_id, first_event_id, last_event_id) VALUES (1, 1, 1000000);"
	    "DELETE FROM site_count; INSERT INTO site_count SELECT 1, 'pending', max(event_id)"
	    " FROM event; UPDATE meta SET value = 1000000 WHERE key = 'counted_to'");
}

static void
all_are_delivered(void)
{
	sql("UPDATE span SET attempt_id = 1; UPDATE site_count SET status = 'delivered'");
}

/* The older half is delivered, but each 1000th event failed. */
static void
half_is_delivered(void)
{
	char text[512];

	all_are_pending();
	snprintf(text, sizeof(text),
	    "UPDATE span SET last_event_id = %d, attempt_id = 1;"
	    "INSERT INTO span (site_id, first_event_id, last_event_id) VALUES (1, %d, 1000000);"
	    "UPDATE site_count SET events = events - %d;"
	    "INSERT INTO site_count VALUES (1, 'delivered', %d);"
	    "INSERT INTO delivery (event_id, site_id, status, settled_at)"
	    " SELECT event_id, 1, 'failed', 1 FROM event WHERE event_id %% 1000 = 0"
	    " AND event_id <= %d",
	    HALF, HALF + 1, HALF, HALF - HALF / 1000, HALF);
	sql(text);
}

/* ---- questions ------------------------------------------------------------------------------- */

static const struct question {
	const char *text;
	const char *name, *email, *site, *message_id;
	unsigned kinds, statuses;
	int64_t since, until; /* in events */
	size_t rows;
	int64_t count; /* -1: another one in each state of the file */
	bool more;
} questions[] = {
	{ .text = "all", .rows = LIMIT, .count = EVENTS },
	{ .text = "site", .site = "one", .rows = LIMIT, .count = EVENTS },
	{ .text = "no site", .site = "two" },
	{ .text = "name", .name = "Order", .rows = LIMIT, .count = 10001, .more = true },
	{ .text = "rare name", .name = "Rare", .rows = LIMIT, .count = EVENT_BLOCK_EVENTS },
	{ .text = "pattern", .name = "R*r?", .rows = LIMIT, .count = EVENT_BLOCK_EVENTS },
	{ .text = "no name", .name = "None" },
	{ .text = "kind", .kinds = 1u << KIND_TRACK, .rows = LIMIT, .count = 10001, .more = true },
	{ .text = "no kind", .kinds = 1u << KIND_PAGE },
	{ .text = "address", .email = "A@b.cc", .rows = LIMIT, .count = -1 },
	{ .text = "no address", .email = "none@b.cc" },
	{ .text = "an old messageId", .message_id = "m77", .rows = 1, .count = 1 },
	{ .text = "a recent messageId", .message_id = "m129000", .rows = 1, .count = 1 },
	{ .text = "no messageId", .message_id = "none" },
	{ .text = "the last hour", .since = EVENTS - 3599, .rows = LIMIT, .count = 3600 },
	{ .text = "a period", .since = 100000, .until = 109000, .rows = LIMIT, .count = 9000 },
	{ .text = "a long period",
	    .since = 100000,
	    .until = 120000,
	    .rows = LIMIT,
	    .count = 10001,
	    .more = true },
	{ .text = "the first events", .until = 3000, .rows = LIMIT, .count = 2999 },
	{ .text = "the future", .since = EVENTS + 1 },
	{ .text = "a name in a period",
	    .name = "Rare",
	    .since = 32 * EVENT_BLOCK_EVENTS + 1000,
	    .rows = LIMIT,
	    .count = EVENT_BLOCK_EVENTS - 1000 },
	{ .text = "pending", .statuses = 1u << STATUS_PENDING, .rows = LIMIT, .count = -1 },
	{ .text = "delivered", .statuses = 1u << STATUS_DELIVERED, .rows = LIMIT, .count = -1 },
	{ .text = "failed", .statuses = 1u << STATUS_FAILED, .rows = LIMIT, .count = -1 },
	{ .text = "pending at a time",
	    .statuses = 1u << STATUS_PENDING,
	    .since = EVENTS - 3599,
	    .rows = LIMIT,
	    .count = -1 },
};

static void
make_filter(const struct question *q, struct outbox_filter *f)
{
	const char *const texts[FILTER_TEXTS] = {
		[FILTER_NAME] = q->name,
		[FILTER_EMAIL] = q->email,
		[FILTER_SITE] = q->site,
		[FILTER_MESSAGE_ID] = q->message_id,
	};

	outbox_filter_init(f);
	for (int i = 0; i < FILTER_TEXTS; i++)
		if (texts[i] != NULL)
			assert_int_equal(
			    outbox_filter_set_text(f, (enum filter_text)i, texts[i], NULL), 0);
	f->kinds = q->kinds;
	f->statuses = q->statuses;
	f->since = q->since * TICK;
	f->until = q->until * TICK;
}

static int
count_steps(void *arg)
{
	*(int64_t *)arg += 100;
	return 0;
}

static void
note_row(void *arg, const struct audit_event *event)
{
	(void)event;
	++*(size_t *)arg;
}

static void
check_work(const char *state, const struct question *q, const char *what, int64_t steps)
{
	if (steps > STEPS_MAX)
		fail_msg("%s, %s, %s: %lld steps", state, q->text, what, (long long)steps);
}

static void
ask(const char *state, const struct question *q, bool newest)
{
	struct audit_page page = { .rows = LIMIT, .newest = newest };
	struct outbox_filter f;
	int64_t steps = 0;
	size_t rows = 0;
	struct err e;

	make_filter(q, &f);
	sqlite3_progress_handler(audit->db.handle, 100, count_steps, &steps);
	assert_int_equal(outbox_audit_list(audit, &f, &page, note_row, &rows, &e), 0);
	sqlite3_progress_handler(audit->db.handle, 0, NULL, NULL);
	check_work(state, q, newest ? "newest" : "oldest", steps);
	if (q->count >= 0 && rows != q->rows)
		fail_msg("%s, %s: %zu rows", state, q->text, rows);
	outbox_filter_free(&f);
}

/* The count is never above the exact one, and says when it is below. */
static void
count(const char *state, const struct question *q)
{
	struct filter_count about;
	struct outbox_filter f;
	int64_t steps = 0, exact;
	struct err e;

	make_filter(q, &f);
	sqlite3_progress_handler(audit->db.handle, 100, count_steps, &steps);
	assert_int_equal(outbox_audit_count_about(audit, &f, 10000, &about, &e), 0);
	sqlite3_progress_handler(audit->db.handle, 0, NULL, NULL);
	check_work(state, q, "count", steps - FILTER_COUNT_WORK);
	assert_int_equal(outbox_audit_count(audit, &f, &exact, &e), 0);
	if (about.more ? about.events > exact : about.events != exact)
		fail_msg("%s, %s: counted %lld%s of %lld", state, q->text, (long long)about.events,
		    about.more ? "+" : "", (long long)exact);
	if (q->count >= 0 && (about.events != q->count || about.more != q->more))
		fail_msg("%s, %s: counted %lld%s", state, q->text, (long long)about.events,
		    about.more ? "+" : "");
	outbox_filter_free(&f);
}

/* What hold, discard and requeue say that they would change: all of it, unless that is much. */
static void
dry_run(const char *state, const struct question *q)
{
	struct outbox_filter f;
	int64_t steps = 0, n;
	struct err e;

	if (q->more || q->count < 0 || q->count > 4000)
		return;
	for (enum operate_verb verb = OPERATE_REQUEUE; verb <= OPERATE_DISCARD; verb++) {
		make_filter(q, &f);
		f.statuses = operate_statuses(verb, &f);
		sqlite3_progress_handler(audit->db.handle, 100, count_steps, &steps);
		assert_int_equal(outbox_audit_count(audit, &f, &n, &e), 0);
		sqlite3_progress_handler(audit->db.handle, 0, NULL, NULL);
		check_work(state, q, operate_verb_name(verb), steps);
		if (n > q->count)
			fail_msg("%s, %s: %lld events", state, q->text, (long long)n);
		outbox_filter_free(&f);
		steps = 0;
	}
}

/* Follows the newest 3 events, as tail does once a second. */
static void
poll_newest(const char *state, const struct question *q)
{
	const struct audit_members members = {
		.attempt_id = 1, .first_event_id = EVENTS - 2, .last_event_id = EVENTS
	};
	struct audit_page page = { .from = EVENTS - 3, .rows = AUDIT_PAGE_MAX };
	struct outbox_filter f;
	int64_t steps = 0;
	bool touched;
	size_t rows = 0;
	struct err e;

	make_filter(q, &f);
	sqlite3_progress_handler(audit->db.handle, 100, count_steps, &steps);
	assert_int_equal(outbox_audit_list(audit, &f, &page, note_row, &rows, &e), 0);
	assert_true(page.rows <= 3);
	assert_int_equal(outbox_audit_members(audit, &f, &members, note_row, &rows, &e), 0);
	assert_int_equal(outbox_audit_settled(audit, &f, 2, 3, note_row, &rows, &e), 0);
	assert_int_equal(outbox_audit_touched(audit, &f, 1, &touched, &e), 0);
	sqlite3_progress_handler(audit->db.handle, 0, NULL, NULL);
	if (touched != (page.rows > 0 && page.from == EVENTS))
		fail_msg("%s, %s: touched %d", state, q->text, touched);
	if (steps > POLL_STEPS_MAX)
		fail_msg("%s, %s: a poll of %lld steps", state, q->text, (long long)steps);
	outbox_filter_free(&f);
}

static void
ask_all(const char *state)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		ask(state, &questions[i], false);
		ask(state, &questions[i], true);
		count(state, &questions[i]);
		dry_run(state, &questions[i]);
		poll_newest(state, &questions[i]);
	}
}

static void
questions_of_a_large_file_take_little_work(void **state)
{
	(void)state;
	all_are_pending();
	ask_all("pending");
	all_are_delivered();
	ask_all("delivered");
	half_is_delivered();
	ask_all("half");
}

static void
count_purge(int64_t before, struct outbox_purge *p, int64_t *ret_steps)
{
	struct purge_limits limits;
	struct err e;

	for (int i = 0; i < STATUS_COUNT; i++)
		limits.payload_before[i] = limits.rows_before[i] = before;
	*p = (struct outbox_purge){ .limits = &limits, .dry_run = true };
	*ret_steps = 0;
	sqlite3_progress_handler(db.handle, 100, count_steps, ret_steps);
	do
		if (purge_step(&db, p, false, 1000000, &e) != 0)
			fail_msg("%s", e.text);
	while (p->more);
	sqlite3_progress_handler(db.handle, 0, NULL, NULL);
}

/* What stays is not read: neither pending events nor those that were delivered too late. */
static void
a_dry_run_of_purge_reads_what_would_go(void **state)
{
	struct outbox_purge p;
	int64_t steps;

	(void)state;
	all_are_pending();
	count_purge(INT64_MAX, &p, &steps);
	assert_int_equal(p.n_rows, 0);
	assert_true(steps < POLL_STEPS_MAX);
	all_are_delivered(); /* at 1 */
	count_purge(1, &p, &steps);
	assert_int_equal(p.n_rows, 0);
	assert_true(steps < POLL_STEPS_MAX);
	count_purge(2, &p, &steps);
	assert_int_equal(p.n_rows, EVENTS);
}

/* Where nothing is counted ahead, counting ends after its share of work. */
static void
a_count_without_help_ends_soon(void **state)
{
	struct filter_count about;
	struct outbox_filter f;
	struct err e;

	(void)state;
	all_are_pending();
	outbox_filter_init(&f);
	assert_int_equal(outbox_filter_set_text(&f, FILTER_EMAIL, "*@b.cc", &e), 0);
	assert_int_equal(outbox_audit_count_about(audit, &f, 10000, &about, &e), 0);
	assert_true(about.more);
	assert_in_range(about.events, 100, EVENTS / 200);
	/* A bound above what it finds is not reached; one below is. */
	assert_int_equal(outbox_audit_count_about(audit, &f, 10, &about, &e), 0);
	assert_true(about.more);
	assert_int_equal(about.events, 11);
	outbox_filter_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_of_a_large_file_take_little_work),
		cmocka_unit_test(a_dry_run_of_purge_reads_what_would_go),
		cmocka_unit_test(a_count_without_help_ends_soon),
	};

	return cmocka_run_group_tests_name("questions", tests, set_up, tear_down);
}
