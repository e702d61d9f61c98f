/* outbox/tally: events by site, status and reason, and what has no row of its own. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "outbox/tally.h"

static struct tally tally;

static uint64_t
events_of(int64_t site_id, enum event_status status, const char *reason)
{
	static struct tally_row rows[TALLY_MAX];
	size_t n = tally_read(&tally, rows);

	for (size_t i = 0; i < n; i++)
		if (rows[i].site_id == site_id && rows[i].status == status
		    && strcmp(rows[i].reason, reason) == 0)
			return rows[i].events;
	return 0;
}

static void
notes_are_added_to_their_rows(void **state)
{
	struct tally_notes notes = { .n = 0 };

	(void)state;
	tally = (struct tally){ 0 };
	tally_note(&notes, 1, STATUS_FAILED, "refused", 2);
	tally_note(&notes, 1, STATUS_FAILED, "refused", 3);
	tally_note(&notes, 1, STATUS_FAILED, "too_old", 1);
	tally_note(&notes, 2, STATUS_FAILED, "refused", 1);
	tally_note(&notes, 1, STATUS_DELIVERED, NULL, 7);
	tally_note(&notes, 1, STATUS_PENDING, "delayed", 9);
	tally_note(&notes, 1, STATUS_HELD, "unclear", 0);
	assert_int_equal(notes.n, 4);
	tally_publish(&tally, &notes);
	tally_publish(&tally, &notes);
	assert_int_equal(events_of(1, STATUS_FAILED, "refused"), 10);
	assert_int_equal(events_of(1, STATUS_FAILED, "too_old"), 2);
	assert_int_equal(events_of(2, STATUS_FAILED, "refused"), 2);
	assert_int_equal(events_of(1, STATUS_DELIVERED, ""), 14);
	assert_int_equal(events_of(1, STATUS_PENDING, "delayed"), 0);
}

/* The last rows belong to the statuses, so that no event is lost. */
static void
what_has_no_row_of_its_own_is_counted(void **state)
{
	struct tally_notes notes;
	const int64_t sites = TALLY_MAX - STATUS_COUNT;

	(void)state;
	tally = (struct tally){ 0 };
	for (int64_t site = 1; site <= sites + 5; site++) {
		notes = (struct tally_notes){ .n = 0 };
		tally_note(&notes, site, STATUS_FAILED, "refused", 1);
		tally_publish(&tally, &notes);
	}
	assert_int_equal(events_of(sites, STATUS_FAILED, "refused"), 1);
	assert_int_equal(events_of(sites + 1, STATUS_FAILED, "refused"), 0);
	assert_int_equal(events_of(0, STATUS_FAILED, "others"), 5);
	notes = (struct tally_notes){ .n = 0 };
	for (int i = 0; i < 2 * TALLY_NOTES; i++)
		tally_note(&notes, i + 1, STATUS_HELD, "unclear", 1);
	assert_int_equal(notes.n, TALLY_NOTES - STATUS_COUNT + 1);
	assert_int_equal(notes.row[notes.n - 1].events, TALLY_NOTES + STATUS_COUNT);
	tally_publish(&tally, &notes);
	assert_int_equal(events_of(0, STATUS_HELD, "others"), 2 * TALLY_NOTES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_are_added_to_their_rows),
		cmocka_unit_test(what_has_no_row_of_its_own_is_counted),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
