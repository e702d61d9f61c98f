/* cli/slices: how much is done in a second, and how it ends. */
#include "lib/unit.h"

#include "cli/slices.h"

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

static struct slices slices;
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
	assert_int_equal(slices_init(&slices, NULL, has_more, &todo, &e), 0);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	slices_free(&slices);
	return 0;
}

static void
so_many_go_in_a_second(void **state)
{
	(void)state;
	assert_int_equal(slices_tick(&slices, true), SLICES_IDLE);
	todo = 2 * SLICES_A_SECOND + 1;
	assert_true(slices_start(&slices, &message));
	assert_int_equal(slices_tick(&slices, true), SLICES_BUSY);
	write_all(0);
	assert_int_equal(done, SLICES_A_SECOND);
	assert_int_equal(slices_tick(&slices, true), SLICES_BUSY);
	write_all(0);
	assert_int_equal(done, 2 * SLICES_A_SECOND);
	assert_int_equal(slices_tick(&slices, true), SLICES_BUSY);
	write_all(0);
	assert_int_equal(slices_tick(&slices, true), SLICES_ENDED);
	assert_int_equal(slices_tick(&slices, true), SLICES_IDLE);
	assert_int_equal(done, 2 * SLICES_A_SECOND + 1);
}

static void
exactly_a_second_of_them_ends(void **state)
{
	(void)state;
	todo = SLICES_A_SECOND;
	assert_true(slices_start(&slices, &message));
	write_all(0);
	assert_int_equal(slices_tick(&slices, true), SLICES_ENDED);
	assert_int_equal(done, SLICES_A_SECOND);
}

static void
it_ends_when_it_fails_or_is_told_to(void **state)
{
	(void)state;
	todo = 100;
	assert_true(slices_start(&slices, &message));
	write_all(-1);
	assert_int_equal(done, 0);
	assert_int_equal(slices_tick(&slices, true), SLICES_ENDED);
	assert_int_equal(message.rc, -1);
	assert_true(slices_start(&slices, &message));
	write_all(0);
	assert_int_equal(slices_tick(&slices, false), SLICES_ENDED);
	assert_int_equal(done, SLICES_A_SECOND);
}

static void
it_stops_with_the_outbox(void **state)
{
	(void)state;
	todo = 100;
	assert_true(slices_start(&slices, &message));
	stopping = true;
	write_all(0);
	assert_int_equal(done, 1);
	assert_int_equal(slices_tick(&slices, true), SLICES_STOPPED);
	assert_int_equal(slices_tick(&slices, true), SLICES_IDLE);
	assert_false(slices_start(&slices, &message));
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
