/* daemon/jobs/job: how much a run does in a second, how it ends, and when the next begins. */
#include "lib/unit.h"

#include "daemon/jobs/job.h"
#include "lib/fake_clock.h"

#define PAUSE_MS 5000

static struct outbox_msg *sent; /* the message that the writer has */
static bool stopping;
static int todo, done, begun, ended;
static bool nothing;
static struct fake_clock fake;
static struct clock clock_of_test;
static struct outbox_msg message;
static struct job job;

int
outbox_send(struct outbox *o, struct outbox_msg *msg)
{
	(void)o;
	if (stopping)
		return -1;
	assert_null(sent);
	sent = msg;
	return 0;
}

static struct outbox_msg *
begin_run(void *owner)
{
	assert_ptr_equal(owner, &todo);
	if (nothing)
		return NULL;
	begun++;
	return &message;
}

static bool
has_more(void *owner)
{
	assert_ptr_equal(owner, &todo);
	done++;
	return --todo > 0;
}

static int64_t
end_run(void *owner)
{
	assert_ptr_equal(owner, &todo);
	ended++;
	return PAUSE_MS;
}

/* Plays the writer while it has a message; rc is the result of each step. */
static void
write_all(int rc)
{
	while (sent != NULL) {
		struct outbox_msg *msg = sent;

		sent = NULL;
		msg->rc = rc;
		msg->done(msg, msg->done_arg);
	}
}

static int
set_up(void **state)
{
	static const struct job_kind kind = { "test", begin_run, has_more, end_run };
	struct err e;

	(void)state;
	sent = NULL;
	stopping = nothing = false;
	done = begun = ended = 0;
	message = (struct outbox_msg){ .type = OUTBOX_PURGE };
	fake = (struct fake_clock){ .mono = 100 };
	clock_of_test = fake_clock_of(&fake);
	return job_init(&job, &kind, &todo, NULL, &clock_of_test, 1000, &e);
}

static int
tear_down(void **state)
{
	(void)state;
	job_free(&job);
	return 0;
}

static void
second_passes(void)
{
	fake_clock_advance(&fake, 1000);
	job_tick(&job);
}

static void
so_many_steps_go_in_a_second(void **state)
{
	(void)state;
	todo = 2 * JOB_STEPS_A_SECOND + 1;
	job_tick(&job);
	assert_int_equal(begun, 0); /* no second has passed yet */
	second_passes();
	second_passes(); /* the writer is busy */
	write_all(0);
	assert_int_equal(done, JOB_STEPS_A_SECOND);
	second_passes();
	write_all(0);
	assert_int_equal(done, 2 * JOB_STEPS_A_SECOND);
	second_passes();
	write_all(0);
	assert_int_equal(ended, 0);
	second_passes();
	assert_int_equal(ended, 1);
	assert_int_equal(begun, 1);
	assert_int_equal(done, 2 * JOB_STEPS_A_SECOND + 1);
}

static void
exactly_a_second_of_steps_ends(void **state)
{
	(void)state;
	todo = JOB_STEPS_A_SECOND;
	second_passes();
	write_all(0);
	second_passes();
	assert_int_equal(ended, 1);
	assert_int_equal(done, JOB_STEPS_A_SECOND);
}

static void
a_run_follows_after_its_pause(void **state)
{
	(void)state;
	todo = 1;
	second_passes();
	write_all(0);
	second_passes();
	assert_int_equal(ended, 1);
	for (int i = 0; i < PAUSE_MS / 1000 - 1; i++)
		second_passes();
	assert_int_equal(begun, 1);
	nothing = true;
	second_passes();
	assert_int_equal(begun, 1);
	nothing = false;
	second_passes();
	assert_int_equal(begun, 2);
	write_all(0);
}

static void
a_run_ends_when_it_fails_or_is_restarted(void **state)
{
	(void)state;
	todo = 100;
	second_passes();
	write_all(-1);
	assert_int_equal(done, 0);
	second_passes();
	assert_int_equal(ended, 1);
	assert_int_equal(message.rc, -1);
	job_restart(&job);
	second_passes(); /* job_restart ends any pause */
	assert_int_equal(begun, 2);
	job_restart(&job);
	write_all(0);
	assert_int_equal(done, JOB_STEPS_A_SECOND);
	second_passes();
	assert_int_equal(ended, 2);
	assert_int_equal(begun, 3);
	write_all(0);
}

static void
it_stops_with_the_outbox(void **state)
{
	(void)state;
	todo = 100;
	second_passes();
	stopping = true;
	write_all(0);
	assert_int_equal(done, 1);
	second_passes();
	job_restart(&job);
	second_passes();
	assert_int_equal(begun, 1);
	assert_int_equal(ended, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(so_many_steps_go_in_a_second, set_up, tear_down),
		cmocka_unit_test_setup_teardown(exactly_a_second_of_steps_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_follows_after_its_pause, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_run_ends_when_it_fails_or_is_restarted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_stops_with_the_outbox, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
