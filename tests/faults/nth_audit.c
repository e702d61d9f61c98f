/*
 * What the verbs and the dashboard read, with the Nth allocation or call of SQLite failing.
 *
 * refutes: something that a person reads is incomplete, and no error is reported
 *
 * takes: 20 minutes
 *
 * runs: all
 */
#include "lib/unit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "faults/nth_outbox_rig.h"
#include "lib/failing/nth.h"
#include "outbox/filter/count.h"
#include "outbox/operate/operate.h"
#include "outbox/read/audit.h"
#include "outbox/read/audit_box.h"
#include "outbox/read/audit_intake.h"
#include "outbox/read/audit_walk.h"
#include "outbox/read/export.h"
#include "outbox/read/integrity.h"
#include "outbox/read/sql.h"
#include "unit/outbox/outbox_rig.h"

/* ---- what was read, as one number ---------------------------------------------------------------
 */

static uint64_t digest;

static void
add_bytes(const void *p, size_t n)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		digest = (digest ^ bytes[i]) * UINT64_C(1099511628211);
}

static void
add(int64_t n)
{
	add_bytes(&n, sizeof(n));
}

static void
add_slice(struct slice s)
{
	add(s.p == NULL ? -1 : (int64_t)s.n);
	if (s.p != NULL)
		add_bytes(s.p, s.n);
}

static void
add_event(void *arg, const struct audit_event *event)
{
	(void)arg;
	add(event->event_id);
	add_slice(event->message_id);
	add_slice(event->status);
	add_slice(event->reason);
	add_slice(event->email);
	add_slice(event->error);
	add_slice(event->detail);
	add_slice(event->body);
	add_slice(event->context);
	add_slice(event->via);
	add(event->attempts + event->http_status + event->maybe_sent);
}

static void
add_attempt(void *arg, const struct audit_attempt *attempt)
{
	(void)arg;
	add(attempt->attempt_id);
	add_slice(attempt->outcome);
	add_slice(attempt->error);
	add_slice(attempt->response);
	add_slice(attempt->mapping);
}

static void
add_operation(void *arg, const struct audit_operation *operation)
{
	(void)arg;
	add(operation->operation_id);
	add_slice(operation->actor);
	add_slice(operation->verb);
	add_slice(operation->note);
	add_slice(operation->status);
}

static void
add_operation_row(void *arg, const struct audit_operation_row *operation)
{
	(void)arg;
	add(operation->operation_id);
	add(operation->events + operation->undone_by + operation->undoes);
	add_slice(operation->actor);
	add_slice(operation->verb);
	add_slice(operation->filter);
	add_slice(operation->note);
}

static void
add_sites(const struct audit_site *sites, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add_slice(slice_from(sites[i].name));
		add_slice(slice_from(sites[i].reason));
		add_slice(slice_from(sites[i].last_error));
		add_bytes(sites[i].counts, sizeof(sites[i].counts));
		add(sites[i].awaiting);
		add(sites[i].oldest_pending_id);
		add(sites[i].perhaps_twice);
		add(sites[i].last_attempt_id);
	}
}

/* ---- the readings -------------------------------------------------------------------------------
 */

static struct outbox_filter filter; /* of the readings that take one */

typedef int (*read_sites)(struct outbox_audit *, struct audit_site **, size_t *, struct err *);

static int
sites_by(read_sites read, struct outbox_audit *a, struct err *e)
{
	struct audit_site *sites;
	size_t n;

	if (read(a, &sites, &n, e) != 0)
		return -1;
	add_sites(sites, n);
	free(sites);
	return 0;
}

static int
sites(struct outbox_audit *a, struct err *e)
{
	return sites_by(outbox_audit_sites, a, e);
}

static int
backlogs(struct outbox_audit *a, struct err *e)
{
	return sites_by(outbox_audit_site_backlogs, a, e);
}

static int
modes_and_gauges(struct outbox_audit *a, struct err *e)
{
	return sites_by(outbox_audit_site_modes, a, e) != 0 ? -1
							    : sites_by(outbox_audit_gauges, a, e);
}

static int
counts(struct outbox_audit *a, struct err *e)
{
	struct audit_troubled troubled;
	struct clock_note clocks;
	struct audit_newest newest;
	struct filter_count about;
	int64_t n[3];

	if (outbox_audit_troubled(a, 1, 100, &troubled, e) != 0
	    || outbox_audit_pending(a, &n[0], e) != 0 || outbox_audit_unset(a, &n[1], e) != 0
	    || outbox_audit_clocks(a, &clocks, e) != 0 || outbox_audit_newest(a, &newest, e) != 0
	    || outbox_audit_count(a, &filter, &n[2], e) != 0
	    || outbox_audit_count_about(a, &filter, 2, &about, e) != 0)
		return -1;
	add(troubled.failed);
	add(troubled.held);
	add_bytes(n, sizeof(n));
	add(about.events);
	add(about.more);
	add(newest.event_id);
	add(newest.attempt_id);
	add(newest.operation_id);
	return 0;
}

static int
one_event(struct outbox_audit *a, struct err *e)
{
	for (int64_t id = 1; id <= NTH_EVENTS + 2; id++)
		if (outbox_audit_event(a, id, add_event, NULL, e) != 1
		    || outbox_audit_attempts(a, id, add_attempt, NULL, e) != 0
		    || outbox_audit_operations(a, id, add_operation, NULL, e) != 0)
			return -1;
	return 0;
}

static int
list(struct outbox_audit *a, struct err *e)
{
	struct audit_page oldest = { .rows = 4 }, newest = { .rows = 4, .newest = true };

	if (outbox_audit_list(a, &filter, &oldest, add_event, NULL, e) != 0)
		return -1;
	add((int64_t)oldest.rows);
	return outbox_audit_list(a, &filter, &newest, add_event, NULL, e);
}

static int
operations(struct outbox_audit *a, struct err *e)
{
	struct outbox_operation undo = { .verb = OPERATE_UNDO, .undoes = 2, .actor = "ann" };
	struct audit_before before;
	bool touched;
	size_t n;

	if (outbox_audit_operation_list(a, 100, 10, add_operation_row, NULL, &n, e) != 0
	    || outbox_audit_operations_after(a, 0, 10, add_operation_row, NULL, e) != 0
	    || outbox_audit_operation_before(a, 1, &before, e) != 0
	    || outbox_audit_touched(a, &filter, 1, &touched, e) != 0
	    || outbox_audit_undo(a, &undo, e) != 0)
		return -1;
	add((int64_t)n);
	add_bytes(before.counts, sizeof(before.counts));
	add(touched);
	add(undo.n_events);
	return 0;
}

static void
add_request(void *arg, const struct audit_request *request)
{
	(void)arg;
	add(request->attempt_id);
	add_slice(request->outcome);
	add_slice(request->error);
}

static int
tail(struct outbox_audit *a, struct err *e)
{
	const struct audit_members members = { 2, 5, 6 };

	if (outbox_audit_requests(a, 0, 10, add_request, NULL, e) != 0
	    || outbox_audit_members(a, &filter, &members, add_event, NULL, e) != 0)
		return -1;
	return outbox_audit_settled(a, &filter, 0, INT64_MAX, add_event, NULL, e);
}

static bool
alike(void *arg, int64_t first_at, int64_t last_at)
{
	(void)arg;
	return first_at == last_at;
}

static int64_t arrived;

static void
add_arrival(void *arg, const struct audit_arrival *arrival)
{
	(void)arg;
	arrived += arrival->events * (1 + arrival->received_at);
}

static void
add_failure(void *arg, const struct audit_failure *failure)
{
	(void)arg;
	add(failure->event_id);
	add_slice(failure->error);
	add_slice(failure->reason);
}

static int
walks(struct outbox_audit *a, struct err *e)
{
	struct outbox_filter all;

	outbox_filter_init(&all);
	arrived = 0;
	if (outbox_audit_arrivals(a, &all, alike, add_arrival, NULL, e) != 0
	    || outbox_audit_arrivals(a, &filter, alike, add_arrival, NULL, e) != 0)
		return -1;
	add(arrived);
	return outbox_audit_failures(a, &filter, add_failure, NULL, e) != 0
		   ? -1
		   : outbox_audit_failures(a, &all, add_failure, NULL, e);
}

static int
rates(struct outbox_audit *a, struct err *e)
{
	struct audit_rate rate = { .site_id = rig_site };
	struct audit_intake intake;
	struct audit_box *boxes;
	size_t n;

	if (outbox_audit_rates(a, 5000, &rate, 1, e) != 0
	    || outbox_audit_intake(a, 0, &intake, e) != 0
	    || outbox_audit_boxes(a, &boxes, &n, e) != 0)
		return -1;
	add(rate.received);
	add(rate.delivered);
	add(intake.accepted);
	add(intake.refused);
	add((int64_t)intake.n_reasons);
	add((int64_t)n);
	if (n > 0)
		add(boxes[0].events + boxes[0].backlog);
	free(boxes);
	return 0;
}

static int
add_identity(void *arg, const struct outbox_identity *identity, struct err *e)
{
	(void)arg;
	(void)e;
	add_slice(identity->line);
	return 0;
}

static int
export_everything(struct outbox_audit *a, struct err *e)
{
	const struct siphash_key key = { 0 };
	struct buf line;
	int rc = 1;

	buf_init(&line, 1 << 20);
	for (int64_t id = 1; rc == 1 && id <= NTH_EVENTS + 2; id++)
		rc = outbox_export_line(a, id, id % 2 == 0 ? &key : NULL, &line, e);
	if (rc == 1 && line.failed)
		rc = err_nomem(e);
	if (rc == 1)
		add_slice(buf_slice(&line));
	buf_free(&line);
	return rc == 1 ? outbox_export_identities(a, add_identity, NULL, e) : -1;
}

static int
add_names(void *arg, const char *const *names, size_t n, struct err *e)
{
	(void)arg;
	(void)e;
	for (size_t i = 0; i < n; i++)
		add_slice(slice_from(names[i]));
	return 0;
}

static int
add_values(void *arg, const struct query_value *values, size_t n, struct err *e)
{
	(void)arg;
	(void)e;
	for (size_t i = 0; i < n; i++)
		add_slice(values[i].bytes);
	return 0;
}

static int
query(struct outbox_audit *a, struct err *e)
{
	const struct query_sink sink = { add_names, add_values, NULL };

	if (outbox_query(a, "SELECT *, 1.5, x'00ff', NULL FROM outbox", 60000, &sink, e) != 0)
		return -1;
	return outbox_quick_check(a, 60000, e);
}

static const struct reading {
	const char *name;
	int (*read)(struct outbox_audit *a, struct err *e);
} readings[] = { { "sites", sites }, { "backlogs", backlogs }, { "gauges", modes_and_gauges },
	{ "counts", counts }, { "event", one_event }, { "list", list },
	{ "operations", operations }, { "tail", tail }, { "walks", walks }, { "rates", rates },
	{ "export", export_everything }, { "query", query } };

/* ---- the test -----------------------------------------------------------------------------------
 */

static const struct reading *reading;
static uint64_t whole; /* the digest without a failure */

static int
read_once(void)
{
	struct outbox_audit *a;
	struct err e = { 0 };
	int rc;

	digest = 0;
	rc = outbox_audit_open(rig_dir.file, &a, &e);
	if (rc == 0) {
		rc = reading->read(a, &e);
		outbox_audit_close(a);
	}
	if (rc != 0) {
		assert_int_not_equal(e.code, ERR_NONE);
		assert_true(e.text[0] != '\0');
	}
	return rc;
}

static int
read_armed(void)
{
	int rc;

	nth_arm();
	rc = read_once();
	nth_disarm();
	return rc;
}

static void
check(int rc, bool fired)
{
	if (!fired) {
		assert_int_equal(rc, 0);
		whole = digest;
	}
	if (rc == 0 && digest != whole)
		fail_msg("%s: something else was read, and no error was reported", reading->name);
	assert_int_equal(read_once(), 0);
	assert_int_equal(digest, whole);
	rig_close();
}

static void
try_readings(const struct nth_fault *fault, int sample)
{
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		struct nth_workload w = { readings[i].name, nth_begin_with_template, read_armed,
			check };

		reading = &readings[i];
		nth_try(&w, fault, sample);
	}
}

static void
readings_report_what_they_could_not_read(void **state)
{
	(void)state;
	try_readings(&(struct nth_fault){ "sqlite", 1, 7, false }, 6);  /* SQLITE_NOMEM */
	try_readings(&(struct nth_fault){ "sqlite", 1, 5, false }, 1);  /* SQLITE_BUSY */
	try_readings(&(struct nth_fault){ "sqlite", 1, 11, false }, 1); /* SQLITE_CORRUPT */
}

static void
readings_survive_a_lack_of_memory(void **state)
{
	(void)state;
	try_readings(&(struct nth_fault){ "alloc", 1, 0, false }, 4);
	try_readings(&(struct nth_fault){ "alloc", 4, 0, false }, 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readings_report_what_they_could_not_read),
		cmocka_unit_test(readings_survive_a_lack_of_memory),
	};
	int rc;

	(void)argc;
	nth_start(argv);
	outbox_filter_init(&filter);
	filter.kinds = 1u << KIND_TRACK;
	filter.until = 1 << 30;
	rc = cmocka_run_group_tests_name(
	    "nth audit", tests, nth_make_full_template, nth_remove_template);
	outbox_filter_free(&filter);
	return rc;
}
