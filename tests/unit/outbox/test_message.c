/* The table of messages: each kind has a row, its own name, and a weight. */
#include "lib/unit.h"

#include "outbox/message.h"
#include "outbox/message_kind.h"
#include "outbox/outbox.h"

static void
each_kind_has_a_name_of_its_own_and_is_applied(void **state)
{
	(void)state;
	for (int i = 0; i < OUTBOX_MSG_TYPES; i++) {
		const struct outbox_msg msg = { .type = (enum outbox_msg_type)i };

		assert_non_null(message_kind(&msg)->apply);
		for (int k = 0; k < i; k++) {
			const struct outbox_msg other = { .type = (enum outbox_msg_type)k };

			assert_string_not_equal(
			    message_kind(&msg)->name, message_kind(&other)->name);
		}
	}
}

static void
a_message_counts_for_the_events_that_it_carries(void **state)
{
	const struct outbox_put put = { .msg.type = OUTBOX_PUT, .n_events = 7 };
	const struct outbox_settle settle = { .msg.type = OUTBOX_SETTLE, .n_events = 3 };
	const struct outbox_msg purge = { .type = OUTBOX_PURGE };
	const struct outbox_msg clock = { .type = OUTBOX_CLOCK };

	(void)state;
	assert_int_equal(message_events(&put.msg), 7);
	assert_int_equal(message_events(&settle.msg), 3);
	assert_int_equal(message_events(&purge), MESSAGE_STEP_EVENTS);
	assert_int_equal(message_events(&clock), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_a_name_of_its_own_and_is_applied),
		cmocka_unit_test(a_message_counts_for_the_events_that_it_carries),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
