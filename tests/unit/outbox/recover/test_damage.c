/*
 * Every page of a small outbox is damaged in every way of a list. Whatever was hit, outbox_recover
 * makes a new outbox that says nothing wrong, and outbox_verify does not call a file intact that
 * has lost something.
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults/faults.h"
#include "outbox/file/db.h"
#include "outbox/file/query.h"
#include "outbox/read/verify.h"
#include "outbox/recover/btree.h"
#include "outbox/recover/recover.h"
#include "unit/outbox/outbox_rig.h"

#define PAGE 1024u /* small, so that trees have inner pages */
#define HEADER 100
#define EVENTS 60
#define EVENTS_ON_A_PAGE 16
#define MS (60 * INT64_C(1000))

static unsigned char *good, *damaged; /* the file */
static size_t n_pages;
static char copy[PATH_MAX + 32], to[PATH_MAX + 32];

/* ---- the outbox ------------------------------------------------------------------------------ */

/* What the outbox says of an event. */
struct told {
	int64_t checksum;
	char status[16];
};

static struct told before[EVENTS + 1]; /* by event id */

static const char fill[] =
    "DELETE FROM envelope;"
    "INSERT INTO envelope (envelope_id, context, events, payloads, checksum)"
    " SELECT event_id, '{\"ip\":\"192.0.2.' || event_id || '\"}', 10, 10, 0 FROM event"
    " WHERE event_id <= 6;"
    "UPDATE envelope SET checksum = envelope_checksum(envelope_id, context, integrations, sent_at);"
    /* Some bodies have overflow pages. */
    "UPDATE event SET envelope_id = (event_id - 1) / 10 + 1, body = iif(event_id % 7 = 0,"
    " '{\"text\":\"' || hex(zeroblob(1500)) || '\"}', body);"
    "UPDATE event SET checksum = event_checksum(event_id, site_id, message_id, kind, name, email,"
    " occurred_at, received_at, envelope_id, browser, provisional, body);"
    "INSERT INTO identity (site_id, kind, id, email, taught)"
    " SELECT site_id, 'user', 'u-' || event_id, event_id || '@example.com', event_id FROM event;"
    "INSERT INTO operation (at, actor, verb, filter, note, events)"
    " SELECT event_id, 'ann', 'hold', '{}', hex(zeroblob(20)), 0 FROM event;"
    "INSERT INTO erasure SELECT event_id, 'bob@example.com' FROM event WHERE event_id = 9;";

static void
run_query(const char *path, const char *sql,
    int (*row)(void *, const struct query_value *, size_t, struct err *))
{
	const struct query_sink sink = { .row = row };
	struct err e = { 0 };
	struct db db;

	if (db_open(&db, path, DB_READ, &e) != 0 || query_run(&db, sql, MS, &sink, &e) != 0)
		fail_msg("%s: %s", path, e.text);
	db_close(&db, NULL);
}

#define TOLD "SELECT event_id, checksum, status, reason FROM event JOIN outbox USING (event_id)"

#define OTHERS "SELECT (SELECT count(*) FROM identity) + (SELECT count(*) FROM operation)"

static int
note_told(void *arg, const struct query_value *v, size_t n, struct err *e)
{
	struct told *told = &before[v[0].integer];

	(void)arg, (void)n, (void)e;
	assert_in_range(v[0].integer, 1, EVENTS);
	told->checksum = v[1].integer;
	snprintf(told->status, sizeof(told->status), "%.*s", (int)v[2].bytes.n, v[2].bytes.p);
	return 0;
}

static void
settle(int64_t first, int64_t last, enum event_status status)
{
	for (int64_t id = first; id <= last; id++) {
		struct outbox_settle s = {
			.event_ids = &id, .n_events = 1, .status = status, .reason = "too_old"
		};

		assert_int_equal(rig_send(&s.msg, OUTBOX_SETTLE), 0);
	}
}

static void
deliver(int64_t first, size_t n)
{
	struct outbox_attempt_end end;
	int64_t ids[EVENTS];

	for (size_t i = 0; i < n; i++)
		ids[i] = first + (int64_t)i;
	end = rig_end_of(rig_begin(ids, n), ids, n);
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
}

/* Gives the file small pages. */
static void
shrink(void)
{
	char sql[80];
	struct err e = { 0 };
	struct db db;

	snprintf(sql, sizeof(sql), "PRAGMA journal_mode=DELETE; PRAGMA page_size=%u; VACUUM", PAGE);
	if (db_open(&db, rig_dir.file, DB_WRITE, &e) != 0 || db_exec(&db, sql, &e) != 0)
		fail_msg("%s", e.text);
	db_close(&db, NULL);
}

static void
read_good(void)
{
	FILE *file = fopen(rig_dir.file, "rb");
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size > 0 && size % PAGE == 0);
	n_pages = (size_t)size / PAGE;
	rewind(file);
	good = malloc((size_t)size);
	damaged = malloc((size_t)size);
	assert_true(good != NULL && damaged != NULL);
	assert_int_equal(fread(good, PAGE, n_pages, file), n_pages);
	fclose(file);
}

static int
make_outbox(void **state)
{
	rig_set_up(state);
	rig_put_many(rig_site, EVENTS);
	deliver(1, 8);
	deliver(9, 5);
	deliver(30, 1);
	settle(14, 16, STATUS_FAILED);
	settle(17, 29, STATUS_HELD);
	rig_change(fill);
	rig_close();
	shrink();
	read_good();
	run_query(rig_dir.file, TOLD, note_told);
	snprintf(copy, sizeof(copy), "%s/copy", rig_dir.path);
	snprintf(to, sizeof(to), "%s/new", rig_dir.path);
	return 0;
}

static int
remove_outbox(void **state)
{
	(void)state;
	free(good);
	free(damaged);
	tempdir_remove(&rig_dir);
	return 0;
}

/* ---- the ways of damaging a page ------------------------------------------------------------- */

static unsigned char *
header_of(unsigned char *page)
{
	return page == damaged ? page + HEADER : page;
}

static unsigned char *
first_pointer(unsigned char *page)
{
	unsigned char *h = header_of(page);

	return h + (h[0] == BTREE_TABLE || h[0] == BTREE_INDEX ? 12 : 8);
}

static unsigned char *
first_cell(unsigned char *page)
{
	unsigned char *p = first_pointer(page);

	return page + ((unsigned)p[0] << 8 | p[1]) % (PAGE - 4);
}

static void
clear(unsigned char *page)
{
	memset(page, 0, PAGE);
}

static void
change_kind(unsigned char *page)
{
	static const unsigned char other[] = { [BTREE_INDEX] = BTREE_TABLE,
		[BTREE_TABLE] = BTREE_INDEX,
		[BTREE_INDEX_LEAF] = BTREE_TABLE_LEAF,
		[BTREE_TABLE_LEAF] = BTREE_INDEX_LEAF };
	unsigned char *h = header_of(page);

	h[0] = h[0] < sizeof(other) && other[h[0]] != 0 ? other[h[0]] : BTREE_TABLE;
}

static void
grow_into_interior(unsigned char *page)
{
	header_of(page)[0] &= (unsigned char)~8;
}

static void
point_outside(unsigned char *page)
{
	memset(first_pointer(page), 0xff, 2);
}

static void
spoil_last_child(unsigned char *page)
{
	memset(header_of(page) + 8, 0xff, 4);
}

/* The first bytes of a cell: its child, or the lengths of its record. */
static void
spoil_first_cell(unsigned char *page)
{
	memset(first_cell(page), 0xff, 4);
}

static void
name_itself(unsigned char *page)
{
	size_t number = (size_t)(page - damaged) / PAGE + 1;
	unsigned char *cell = first_cell(page);

	cell[0] = cell[1] = 0;
	cell[2] = (unsigned char)(number >> 8);
	cell[3] = (unsigned char)number;
}

static void
flip_a_bit(unsigned char *page)
{
	page[PAGE - 60] ^= 4;
}

static void
count_too_many(unsigned char *page)
{
	header_of(page)[4]++;
}

static void
count_too_few(unsigned char *page)
{
	header_of(page)[4]--;
}

static void
count_far_too_many(unsigned char *page)
{
	header_of(page)[3] = 0x7f;
}

static void
add_free_block(unsigned char *page)
{
	memset(header_of(page) + 1, 0x03, 2);
}

/* As when a disk wrote a page to the place of another one. */
static void
replace_by_the_next(unsigned char *page)
{
	size_t i = (size_t)(page - damaged) / PAGE;

	memcpy(page, good + (i + 1) % n_pages * PAGE, PAGE);
}

static const struct {
	const char *name;
	void (*damage)(unsigned char *page);
} ways[] = {
	{ "clear", clear },
	{ "change kind", change_kind },
	{ "grow into interior", grow_into_interior },
	{ "point outside", point_outside },
	{ "spoil last child", spoil_last_child },
	{ "spoil first cell", spoil_first_cell },
	{ "name itself", name_itself },
	{ "flip a bit", flip_a_bit },
	{ "count too many", count_too_many },
	{ "count too few", count_too_few },
	{ "count far too many", count_far_too_many },
	{ "add a free block", add_free_block },
	{ "replace by the next", replace_by_the_next },
};

static void
write_damaged(size_t pages)
{
	FILE *file = fopen(copy, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(damaged, PAGE, pages, file), pages);
	assert_int_equal(fclose(file), 0);
}

/* ---- what is made of it ---------------------------------------------------------------------- */

static char now[80];                              /* the page and the way */
static int64_t n_rows, n_right, n_same, n_others; /* of the new outbox */
static struct recover_report report;

/* An event is as it was, or it is held. */
static int
look_at_row(void *arg, const struct query_value *v, size_t n, struct err *e)
{
	const struct told *told = &before[v[0].integer];
	bool known = v[0].integer >= 1 && v[0].integer <= EVENTS;
	struct slice status = v[2].bytes, reason = v[3].bytes;
	bool right = known && v[1].integer == told->checksum;
	bool same = known && slice_equals(status, slice_from(told->status));

	(void)arg, (void)n, (void)e;
	n_rows++;
	n_right += right;
	n_same += right && same;
	if (same || (slice_equals(status, SLICE("held")) && slice_equals(reason, SLICE("damaged"))))
		return 0;
	fail_msg("%s: event %d is %.*s", now, (int)v[0].integer, (int)status.n, status.p);
	return -1;
}

static int
note_others(void *arg, const struct query_value *v, size_t n, struct err *e)
{
	(void)arg, (void)n, (void)e;
	n_others = v[0].integer;
	return 0;
}

static void
look_at_recovered(bool one_page)
{
	struct err e = { 0 };

	n_rows = n_right = n_same = 0;
	if (outbox_recover(copy, to, 1000, NULL, &report, &e) != 0) {
		if (one_page || e.code != ERR_INPUT
		    || strstr(e.text, "has no page of a bentospool database") == NULL)
			fail_msg("%s: %s", now, e.text);
		return;
	}
	run_query(to, TOLD, look_at_row);
	run_query(to, OTHERS, note_others);
	assert_int_equal(unlink(to), 0);
	if (n_rows != report.events || n_rows - n_right > report.changed)
		fail_msg("%s: %d of %d events are right, %d are said to be changed", now,
		    (int)n_right, (int)n_rows, (int)report.changed);
	if (recover_is_complete(&report) && (n_same != EVENTS || n_others != 2 * EVENTS))
		fail_msg("%s: %d events are the same, and it is complete", now, (int)n_same);
	if (one_page && n_right < EVENTS - EVENTS_ON_A_PAGE)
		fail_msg("%s: only %d events are left", now, (int)n_right);
}

static void
note_finding(void *arg, const struct verify_finding *finding)
{
	(void)arg;
	assert_true(finding->what[0] != '\0');
	assert_true(finding->remedy[0] != '\0');
}

static void
look_at_verified(bool offline)
{
	const struct verify_options o = { .offline = offline, .each = note_finding };
	int64_t findings = 0, events = 0;
	struct err e = { 0 };

	if (outbox_verify(copy, &o, &findings, &events, &e) != 0)
		fail_msg("%s: %s", now, e.text);
	if (findings == 0 && (events != EVENTS || n_same != EVENTS))
		fail_msg("%s: nothing is found, and %d events are the same", now, (int)n_same);
}

static void
nothing_is_found_in_the_good_file(void **state)
{
	const struct verify_options o = { .offline = true, .each = note_finding };
	int64_t findings = -1, events = 0;
	struct err e;

	(void)state;
	memcpy(damaged, good, n_pages * PAGE);
	write_damaged(n_pages);
	snprintf(now, sizeof(now), "undamaged");
	look_at_recovered(true);
	assert_true(recover_is_complete(&report));
	assert_int_equal(n_same, EVENTS);
	assert_int_equal(outbox_verify(copy, &o, &findings, &events, &e), 0);
	assert_int_equal(events, EVENTS);
	assert_int_equal(findings, 0);
}

/* make check tries a part of them; FAULTS_SAMPLE multiplies it. */
#define SAMPLE 16

static size_t
step(void)
{
	const char *times = getenv("FAULTS_SAMPLE");
	long n = faults_whole() ? SAMPLE : times != NULL ? strtol(times, NULL, 10) : 1;

	return n <= 1 ? SAMPLE : n >= SAMPLE ? 1 : SAMPLE / (size_t)n;
}

/* The inner pages of tables are few, and always tried. */
static bool
is_tried(size_t page, size_t way)
{
	return good[page * PAGE] == BTREE_TABLE || page % step() == way % step();
}

static void
each_damaged_page_costs_at_most_itself(void **state)
{
	int64_t complete = 0, tried = 0;

	(void)state;
	for (size_t w = 0; w < sizeof(ways) / sizeof(*ways); w++)
		for (size_t i = 0; i < n_pages; i++) {
			if (!is_tried(i, w))
				continue;
			memcpy(damaged, good, n_pages * PAGE);
			ways[w].damage(damaged + i * PAGE);
			write_damaged(n_pages);
			snprintf(now, sizeof(now), "page %d, %s", (int)i + 1, ways[w].name);
			/* Without its header, a file is read as if it had pages of 8 KiB. */
			look_at_recovered(memcmp(damaged, good, HEADER) == 0);
			tried++;
			complete += recover_is_complete(&report);
			look_at_verified(true);
			look_at_verified(false);
		}
	/* Some damage is to what is made again, such as hashes and indexes; other damage is not. */
	assert_true(complete > 0);
	assert_true(complete < tried);
}

static void
a_file_that_was_cut_says_so(void **state)
{
	(void)state;
	memcpy(damaged, good, n_pages * PAGE);
	for (size_t pages = 1; pages < n_pages; pages += step()) {
		write_damaged(pages);
		snprintf(now, sizeof(now), "%d pages", (int)pages);
		look_at_recovered(false);
		look_at_verified(true);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_found_in_the_good_file),
		cmocka_unit_test(each_damaged_page_costs_at_most_itself),
		cmocka_unit_test(a_file_that_was_cut_says_so),
	};

	return cmocka_run_group_tests_name("damage", tests, make_outbox, remove_outbox);
}
