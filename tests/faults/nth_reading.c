/*
 * Opening and reading the outbox with the Nth allocation or call of SQLite failing.
 *
 * refutes: fewer events are read than there are, and no error is reported
 *
 * takes: 5 minutes
 *
 * runs: all
 */
#include "lib/unit.h"

#include <stdint.h>
#include <unistd.h>

#include "faults/nth_outbox_rig.h"
#include "lib/failing/nth.h"
#include "outbox/read/audit.h"
#include "outbox/read/export.h"
#include "outbox/read/reader.h"
#include "unit/outbox/outbox_rig.h"

/* ---- opening ------------------------------------------------------------------------------------
 */

static int
open_armed(void)
{
	int rc;

	nth_arm();
	rc = nth_open_outbox();
	nth_disarm();
	return rc;
}

static void
begin_without_file(void)
{
	nth_copy_template();
	assert_int_equal(unlink(rig_dir.file), 0);
}

static void
check_open(int rc, bool fired)
{
	if (!fired)
		assert_int_equal(rc, 0);
	if (rc != 0)
		assert_int_equal(nth_open_outbox(), 0);
	rig_put_one("new-after");
	rig_close();
	rig_check();
}

static void
a_start_survives_a_lack_of_memory(void **state)
{
	const struct nth_workload old = { "open", nth_copy_template, open_armed, check_open };
	const struct nth_workload new = { "create", begin_without_file, open_armed, check_open };

	(void)state;
	nth_try(&old, &(struct nth_fault){ "alloc", 1, 0, false }, 15);
	nth_try(&old, &(struct nth_fault){ "sqlite", 1, 7, false }, 15);
	nth_try(&new, &(struct nth_fault){ "alloc", 1, 0, false }, 15);
	nth_try(&new, &(struct nth_fault){ "sqlite", 1, 7, false }, 15);
}

/* ---- reading ------------------------------------------------------------------------------------
 */

static size_t seen, written;
static size_t whole; /* bytes of the lines without a failure */

static void
note_event(void *arg, const struct audit_event *event)
{
	(void)arg;
	(void)event;
	seen++;
}

static int
read_due(void)
{
	struct outbox_reader *r;
	struct outbox_event event;
	struct err e;
	int rc, due = 0;

	if (outbox_reader_open(rig_dir.file, &r, &e) != 0)
		return -1;
	rc = outbox_due_begin(r, rig_site, 1 << 30, 1 << 30, 0, 0, &e);
	while (rc == 0 && (rc = outbox_due_next(r, &event, &e)) == 1) {
		due++;
		rc = 0;
		if (event.body.n == 0)
			rc = -2;
	}
	outbox_due_end(r);
	outbox_reader_close(r);
	seen = (size_t)due;
	return rc;
}

static int
list_and_export(void)
{
	struct audit_page page = { .rows = 100 };
	struct outbox_filter f;
	struct outbox_audit *a;
	struct buf line;
	struct err e;
	int rc;

	outbox_filter_init(&f);
	f.statuses = 1u << STATUS_PENDING;
	seen = 0;
	written = 0;
	if (outbox_audit_open(rig_dir.file, &a, &e) != 0)
		return -1;
	buf_init(&line, 1 << 20);
	rc = outbox_audit_list(a, &f, &page, note_event, NULL, &e);
	for (int64_t id = 1; rc == 0 && id <= NTH_EVENTS; id++) {
		buf_clear(&line);
		rc = outbox_export_line(a, id, NULL, &line, &e) == 1 && !line.failed ? 0 : -1;
		written += line.n;
	}
	buf_free(&line);
	outbox_audit_close(a);
	return rc;
}

static int (*read_now)(void);
static size_t expected;

static int
read_armed(void)
{
	int rc;

	nth_arm();
	rc = read_now();
	nth_disarm();
	return rc;
}

static void
check_read(int rc, bool fired)
{
	assert_int_not_equal(rc, -2);
	if (!fired)
		assert_int_equal(rc, 0);
	if (!fired)
		whole = written;
	if (rc == 0 && (seen != expected || written != whole))
		fail_msg(
		    "%zu events and %zu bytes were read, and no error was reported", seen, written);
	assert_int_equal(read_now(), 0);
	assert_int_equal(seen, expected);
	rig_close();
}

static void
reading_reports_what_it_could_not_read(void **state)
{
	static const struct nth_fault faults[] = { { "alloc", 1, 0, false },
		{ "alloc", 4, 0, false }, { "sqlite", 1, 7, false }, { "sqlite", 1, 10, false },
		{ "sqlite", 1, 5, false } };
	const struct nth_workload due = { "due", nth_begin_with_template, read_armed, check_read };
	const struct nth_workload audit = { "audit", nth_begin_with_template, read_armed,
		check_read };

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		read_now = read_due;
		expected = 4;
		nth_try(&due, &faults[i], 5);
		read_now = list_and_export;
		expected = 5;
		nth_try(&audit, &faults[i], 5);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_survives_a_lack_of_memory),
		cmocka_unit_test(reading_reports_what_it_could_not_read),
	};

	(void)argc;
	nth_start(argv);
	return cmocka_run_group_tests_name(
	    "nth reading", tests, nth_make_template, nth_remove_template);
}
