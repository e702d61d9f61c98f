/* outbox_audit_gauges: what metrics show of the sites, and that its cost does not grow with the
 * events, whatever state they are in. */
#include "lib/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "outbox/read/audit.h"
#include "outbox/read/audit_private.h"
#include "unit/outbox/outbox_rig.h"

#define MANY 20000
#define AT_ONCE 500
/* Opcodes of SQLite for one site: some hundred, and a few for each of 1,000 delayed events. With
 * each of MANY events read, it would be more than 100,000. */
#define STEPS_MAX 20000
#define FAR INT64_C(9000000000000)

static int64_t *ids;

static int
count_step(void *arg)
{
	++*(int *)arg;
	return 0;
}

/* Reads the gauges of the only site, and checks how many opcodes that takes. */
static struct audit_site
read_site(void)
{
	struct outbox_audit *audit;
	struct audit_site *sites, site;
	int steps = 0;
	size_t n;
	struct err e;

	assert_int_equal(outbox_audit_open(rig_dir.file, &audit, &e), 0);
	sqlite3_progress_handler(audit->db.handle, 1, count_step, &steps);
	if (outbox_audit_gauges(audit, &sites, &n, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(n, 1);
	site = sites[0];
	free(sites);
	outbox_audit_close(audit);
	if (steps == 0 || steps > STEPS_MAX)
		fail_msg("%d steps", steps);
	return site;
}

/* Stores MANY events and returns their ids. */
static const int64_t *
put_many(void)
{
	static char names[AT_ONCE][16];
	static struct segment_event events[AT_ONCE];
	struct outbox_put p;

	for (int from = 0; from < MANY; from += AT_ONCE) {
		for (int i = 0; i < AT_ONCE; i++) {
			snprintf(names[i], sizeof(names[i]), "m-%d", from + i);
			events[i] = rig_track(names[i]);
		}
		assert_int_equal(rig_put(events, AT_ONCE, &p), 0);
		for (int i = 0; i < AT_ONCE; i++)
			ids[from + i] = p.first_event_id + i;
	}
	return ids;
}

static void
end_attempt(const int64_t *members, size_t n, enum event_status status, int64_t next_attempt_at)
{
	struct outbox_attempt_end end = rig_end_of(rig_begin(members, n), members, n);

	end.status = status;
	end.outcome = status == STATUS_DELIVERED ? OUTCOME_DELIVERED : OUTCOME_REFUSED;
	end.next_attempt_at = next_attempt_at;
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
}

static void
due_events(void **state)
{
	const int64_t *all = put_many();
	struct audit_site site = read_site();

	(void)state;
	assert_int_equal(site.counts[STATUS_PENDING], MANY);
	assert_int_equal(site.oldest_pending_id, all[0]);
	assert_int_equal(site.oldest_pending_at, 2000);
}

static void
delivered_events(void **state)
{
	const int64_t *all = put_many();
	struct audit_site site;

	(void)state;
	end_attempt(all, MANY - 1, STATUS_DELIVERED, 0);
	site = read_site();
	assert_int_equal(site.counts[STATUS_DELIVERED], MANY - 1);
	assert_int_equal(site.counts[STATUS_PENDING], 1);
	assert_int_equal(site.oldest_pending_id, all[MANY - 1]);
}

static void
failed_events(void **state)
{
	const int64_t *all = put_many();
	struct audit_site site;

	(void)state;
	end_attempt(all, MANY, STATUS_FAILED, 0);
	site = read_site();
	assert_int_equal(site.counts[STATUS_FAILED], MANY);
	assert_int_equal(site.oldest_pending_id, 0);
}

/* Of the delayed events only those whose time comes first are looked at. */
static void
delayed_events(void **state)
{
	const int64_t *all = put_many();

	(void)state;
	for (int i = 0; i < MANY; i += MANY / 4)
		end_attempt(all + i, MANY / 4, STATUS_PENDING, FAR + MANY - i);
	assert_int_equal(
	    rig_number("SELECT count(*) FROM delivery WHERE next_attempt_at > 0"), MANY);
	assert_int_equal(read_site().oldest_pending_id, all[MANY - MANY / 4]);
}

static void
few_delayed_events_are_all_looked_at(void **state)
{
	const int64_t *all = put_many();

	(void)state;
	end_attempt(all, 1, STATUS_PENDING, FAR + 1);
	end_attempt(all + 1, AUDIT_GAUGES_DELAYED - 1, STATUS_PENDING, FAR);
	assert_int_equal(read_site().oldest_pending_id, all[0]);
	end_attempt(all + AUDIT_GAUGES_DELAYED, 1, STATUS_PENDING, FAR);
	assert_int_equal(read_site().oldest_pending_id, all[1]);
}

static void
events_in_flight(void **state)
{
	const int64_t *all = put_many();

	(void)state;
	rig_begin(all, MANY / 2);
	rig_begin(all + MANY / 2, MANY / 2);
	assert_int_equal(read_site().oldest_pending_id, all[0]);
	rig_change(
	    "WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) "
	    "INSERT INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at, "
	    "events, first_event_id, last_event_id, bytes, outcome) "
	    "SELECT i, 1, 1, 1, 2, 0, 1, 1, 1, 'unknown' FROM n");
	rig_begin(all, 1);
	assert_int_equal(read_site().oldest_pending_id, all[0]);
}

static int
set_up(void **state)
{
	ids = calloc(MANY, sizeof(*ids));
	assert_non_null(ids);
	return rig_set_up(state);
}

static int
tear_down(void **state)
{
	free(ids);
	return rig_tear_down(state);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(due_events),
		TEST(delivered_events),
		TEST(failed_events),
		TEST(delayed_events),
		TEST(few_delayed_events_are_all_looked_at),
		TEST(events_in_flight),
	};

	return cmocka_run_group_tests_name("gauges", tests, NULL, NULL);
}
