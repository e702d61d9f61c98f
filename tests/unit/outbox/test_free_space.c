/* What the writer does with little space: the order of refusals, the ballast, free pages. */
#include "lib/unit.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "outbox/file/db.h"
#include "outbox/file/reserve.h"
#include "outbox/free_space.h"
#include "outbox/health.h"
#include "outbox/operate/purge.h"
#include "outbox/outbox_private.h"
#include "unit/outbox/outbox_rig.h"

#define NEVER_ENOUGH (UINT64_C(1) << 50)
#define EVENTS 120

static char body[20000];

static void
reopen(uint64_t min_free)
{
	rig_close();
	rig_min_free = min_free;
	rig_open();
}

static int
put(const char *message_id)
{
	struct segment_event event = rig_track(message_id);
	struct outbox_put p;

	return rig_put(&event, 1, &p) == 0 ? 0 : (int)p.msg.err.code;
}

static void
events_come_with_a_ballast(void **state)
{
	(void)state;
	assert_int_equal(put("a"), 0);
	assert_true(reserve_has_ballast(rig_dir.file));
	assert_true(reserve_give_up_ballast(rig_dir.file));
	assert_int_equal(put("b"), 0);
	assert_true(reserve_has_ballast(rig_dir.file));
}

static void
below_min_free_work_goes_on(void **state)
{
	int64_t id = rig_put_one("a");

	(void)state;
	reopen(NEVER_ENOUGH);
	assert_int_equal(put("b"), ERR_FULL);
	assert_true(rig_begin(&id, 1) > 0);
}

/* The needs for which free_space_for finds space with so many bytes more than it measures. */
static void
the_bytes_of_a_transaction_count(void **state)
{
	uint64_t most = (uint64_t)SIZE_MAX / 8;
	size_t margin = (size_t)FREE_SPACE_MARGIN;

	(void)state;
	rig_close();
	rig_open();
	assert_int_equal(free_space_for(rig_outbox, 1000), SPACE_STORE);
	assert_int_equal(free_space_for(rig_outbox, (size_t)most), SPACE_WORK);
	assert_int_equal(outbox_health(rig_outbox), OUTBOX_OK);
	/* Beside what must stay free there is the margin, and each byte counts three times. */
	atomic_store(&rig_outbox->allowance, RESERVE_BYTES + FREE_SPACE_MARGIN);
	assert_int_equal(free_space_for(rig_outbox, margin / 3 - 1), SPACE_STORE);
	assert_int_equal(free_space_for(rig_outbox, margin / 3), SPACE_STORE);
	assert_int_equal(free_space_for(rig_outbox, margin / 3 + 1), SPACE_WORK);
	/* With more than the margin, the bytes decide again. */
	atomic_store(&rig_outbox->allowance, RESERVE_BYTES + 3 * FREE_SPACE_MARGIN);
	assert_int_equal(free_space_for(rig_outbox, margin), SPACE_STORE);
	assert_int_equal(free_space_for(rig_outbox, margin + 1), SPACE_WORK);
}

static void
another_fault_is_not_forgiven_for_free_space(void **state)
{
	(void)state;
	atomic_store(&rig_outbox->health, OUTBOX_BLOCKED);
	assert_int_equal(free_space_for(rig_outbox, 1000), SPACE_STORE);
	assert_int_equal(outbox_health(rig_outbox), OUTBOX_BLOCKED);
	atomic_store(&rig_outbox->health, OUTBOX_OK);
}

static void
store_big_events(void)
{
	struct segment_event events[EVENTS];
	struct outbox_put p;

	memset(body, 'x', sizeof(body));
	for (size_t i = 0; i < EVENTS; i++) {
		events[i] = rig_track(NULL);
		events[i].status = STATUS_INVALID;
		events[i].reason = "too_large";
		events[i].body = (struct slice){ body, sizeof(body) };
	}
	assert_int_equal(rig_put(events, EVENTS, &p), 0);
}

static void
purge_all(void)
{
	struct purge_limits limits;
	struct outbox_purge purge = { .limits = &limits, .actor = "test" };

	for (int i = 0; i < STATUS_COUNT; i++)
		limits.payload_before[i] = limits.rows_before[i] = INT64_MAX;
	do
		assert_int_equal(rig_send(&purge.msg, OUTBOX_PURGE), 0);
	while (purge.more);
	assert_int_equal(purge.n_rows, EVENTS);
}

/* Retention leaves free pages in the file for new events, which a full disk refuses. */
static void
a_full_disk_gets_free_pages_back(void **state)
{
	(void)state;
	store_big_events();
	purge_all();
	assert_true(rig_number("PRAGMA freelist_count") > 32);
	reopen(NEVER_ENOUGH);
	assert_int_equal(put("a"), ERR_FULL);
	assert_int_equal(rig_number("PRAGMA freelist_count"), 0);
}

static void
limit_files(rlim_t soft)
{
	struct rlimit r;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = soft;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* The file system has space, and the files may not use it: as with a quota. */
static void
a_limit_is_as_a_full_disk_and_passes(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(put("a"), 0);
	limit_files(100000);
	for (int i = 0; i < 100 && put(NULL) == 0; i++)
		continue;
	assert_int_equal(put("b"), ERR_FULL);
	assert_int_equal(outbox_health(rig_outbox), OUTBOX_FULL);
	outbox_health_text(rig_outbox, text, sizeof(text));
	assert_non_null(strstr(text, "cannot grow although their disk has space"));
	/* It is tried again, and found to be still there. */
	poll(NULL, 0, 2 * HEALTH_RETRY_MS);
	assert_int_equal(outbox_health(rig_outbox), OUTBOX_FULL);
	limit_files(RLIM_INFINITY);
	for (int i = 0; i < 1000 && outbox_health(rig_outbox) != OUTBOX_OK; i++)
		poll(NULL, 0, 10);
	assert_int_equal(put("c"), 0);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(events_come_with_a_ballast),
		TEST(below_min_free_work_goes_on),
		TEST(the_bytes_of_a_transaction_count),
		TEST(another_fault_is_not_forgiven_for_free_space),
		TEST(a_full_disk_gets_free_pages_back),
		TEST(a_limit_is_as_a_full_disk_and_passes),
	};

	return cmocka_run_group_tests_name("free_space", tests, NULL, NULL);
}
