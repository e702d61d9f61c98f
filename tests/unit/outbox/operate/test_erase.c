/* Erasure also removes the stored texts of messageIds, in every block. */
#include "lib/unit.h"

#include "outbox/filter/message_ids.h"
#include "outbox/operate/erase.h"
#include "outbox/write/message_blocks.h"
#include "unit/outbox/handmade.h"

static struct handmade box;

static int
make_box(void **state)
{
	(void)state;
	handmade_create(&box);
	return 0;
}

static int
remove_box(void **state)
{
	(void)state;
	handmade_remove(&box);
	return 0;
}

static void
erase(const char *email)
{
	struct outbox_erase erase = { .email = email, .actor = "ann" };
	struct err e;

	do {
		handmade_sql(&box, "BEGIN IMMEDIATE");
		if (erase_step(&box.db, &erase, 2000, &e) != 0)
			fail_msg("%s", e.text);
		handmade_sql(&box, "COMMIT");
	} while (erase.more);
}

static void
message_ids_are_erased_in_their_blocks(void **state)
{
	struct message_blocks blocks;
	struct err e;

	(void)state;
	assert_int_equal(message_blocks_open(&blocks, &box.db, 0, &e), 0);
	for (int64_t id = 1; id <= 3 * EVENT_BLOCK_EVENTS; id += 512)
		handmade_event(
		    &box, id, "A", id == 1 ? "a@b.cc" : "x@y.zz", STATUS_DELIVERED, NULL);
	/* The person's own event, and another's, with and without a change of its block. */
	handmade_sql(&box, "UPDATE event SET message_id = 'order/a@b.cc/' || event_id "
			   "WHERE event_id IN (1, 513, 2561, 4609)");
	for (int64_t block = 1; block <= 3; block++)
		assert_int_equal(
		    message_blocks_advance(&blocks, block * EVENT_BLOCK_EVENTS, &e), 0);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM message_chunk WHERE ids LIKE '%a@b.cc%'"), 3);
	assert_int_equal(
	    handmade_int(&box, "SELECT sum(length(entries)) / 4 FROM event_address"), 12);
	erase("a@b.cc");
	/* The hash of the address is gone, too. */
	assert_int_equal(
	    handmade_int(&box, "SELECT sum(length(entries)) / 4 FROM event_address"), 11);
	assert_int_equal(
	    handmade_int(&box, "SELECT count(*) FROM message_chunk WHERE ids LIKE '%a@b.cc%'"
			       " OR first LIKE '%a@b.cc%'"),
	    0);
	assert_int_equal(handmade_int(&box, "SELECT event_id FROM messages WHERE message_id = "
					    "'order/" ERASE_WORD "/2561'"),
	    2561);
	assert_int_equal(
	    handmade_int(&box, "SELECT event_id FROM messages WHERE message_id = 'm-1025'"), 1025);
	message_blocks_close(&blocks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    message_ids_are_erased_in_their_blocks, make_box, remove_box),
	};

	return cmocka_run_group_tests_name("erase", tests, NULL, NULL);
}
