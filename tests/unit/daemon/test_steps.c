/* cli/slices: how much is done in a second, and how it ends. */
#include "lib/unit.h"

#include "daemon/jobs/steps.h"

static struct outbox_msg *sent; /* what the writer has */
static bool stopping;
static int todo, done;

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

static bool
has_more(void *arg)
{
	assert_ptr_equal(arg, &todo);
	done++;
	return --todo > 0;
}

/* The writer, as long as it has something; rc of each slice. */
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

static struct steps steps;
static struct outbox_msg message;

static int
begin(void **state)
{
	struct err e;

	(void)state;
	sent = NULL;
	stopping = false;
	done = 0;
	message = (struct outbox_msg){ .type = OUTBOX_PURGE };
	assert_int_equal(steps_init(&steps, NULL, has_more, &todo, &e), 0);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	steps_free(&steps);
	return 0;
}

static void
so_many_go_in_a_second(void **state)
{
	(void)state;
	assert_int_equal(steps_tick(&steps, true), STEPS_IDLE);
	todo = 2 * STEPS_A_SECOND + 1;
	assert_true(steps_start(&steps, &message));
	assert_int_equal(steps_tick(&steps, true), STEPS_BUSY);
	write_all(0);
	assert_int_equal(done, STEPS_A_SECOND);
	assert_int_equal(steps_tick(&steps, true), STEPS_BUSY);
	write_all(0);
	assert_int_equal(done, 2 * STEPS_A_SECOND);
	assert_int_equal(steps_tick(&steps, true), STEPS_BUSY);
	write_all(0);
	assert_int_equal(steps_tick(&steps, true), STEPS_ENDED);
	assert_int_equal(steps_tick(&steps, true), STEPS_IDLE);
	assert_int_equal(done, 2 * STEPS_A_SECOND + 1);
}

static void
exactly_a_second_of_them_ends(void **state)
{
	(void)state;
	todo = STEPS_A_SECOND;
	assert_true(steps_start(&steps, &message));
	write_all(0);
	assert_int_equal(steps_tick(&steps, true), STEPS_ENDED);
	assert_int_equal(done, STEPS_A_SECOND);
}

static void
it_ends_when_it_fails_or_is_told_to(void **state)
{
	(void)state;
	todo = 100;
	assert_true(steps_start(&steps, &message));
	write_all(-1);
	assert_int_equal(done, 0);
	assert_int_equal(steps_tick(&steps, true), STEPS_ENDED);
	assert_int_equal(message.rc, -1);
	assert_true(steps_start(&steps, &message));
	write_all(0);
	assert_int_equal(steps_tick(&steps, false), STEPS_ENDED);
	assert_int_equal(done, STEPS_A_SECOND);
}

static void
it_stops_with_the_outbox(void **state)
{
	(void)state;
	todo = 100;
	assert_true(steps_start(&steps, &message));
	stopping = true;
	write_all(0);
	assert_int_equal(done, 1);
	assert_int_equal(steps_tick(&steps, true), STEPS_STOPPED);
	assert_int_equal(steps_tick(&steps, true), STEPS_IDLE);
	assert_false(steps_start(&steps, &message));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(so_many_go_in_a_second, begin, end),
		cmocka_unit_test_setup_teardown(exactly_a_second_of_them_ends, begin, end),
		cmocka_unit_test_setup_teardown(it_ends_when_it_fails_or_is_told_to, begin, end),
		cmocka_unit_test_setup_teardown(it_stops_with_the_outbox, begin, end),
	};

	return cmocka_run_group_tests_name("slices", tests, NULL, NULL);
}
