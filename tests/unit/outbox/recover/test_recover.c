/*
 * outbox/recover on files that are damaged on purpose: what an older copy of a page says is not
 * believed, and cells that name each other in circles end.
 */
#include "lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outbox/recover/btree.h"
#include "outbox/recover/recover.h"
#include "unit/outbox/handmade.h"

#define PAGE 512
#define FRAME_HEADER 24
#define WAL_HEADER 32

static struct handmade box;
static char copy[160], copy_log[168], to[168]; /* in the box's directory */

static int
set_up(void **state)
{
	(void)state;
	handmade_create(&box);
	snprintf(copy, sizeof(copy), "%s/copy", box.folder);
	snprintf(copy_log, sizeof(copy_log), "%s-wal", copy);
	snprintf(to, sizeof(to), "%s/new", box.folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(copy);
	unlink(copy_log);
	unlink(to);
	handmade_remove(&box);
	return 0;
}

static unsigned char *
read_file(const char *name, size_t *ret_n)
{
	FILE *file = fopen(name, "rb");
	long n;
	unsigned char *p;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	n = ftell(file);
	assert_true(n >= 0);
	rewind(file);
	p = malloc((size_t)n + 1);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, (size_t)n, file), n);
	fclose(file);
	*ret_n = (size_t)n;
	return p;
}

static void
write_file(const char *name, const unsigned char *p, size_t n)
{
	FILE *file = fopen(name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(p, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static void
put_number(unsigned char *p, uint32_t n, int bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (unsigned char)n;
		n >>= 8;
	}
}

static int
recover(struct recover_report *report, struct err *e)
{
	unlink(to);
	return outbox_recover(copy, to, 1000, NULL, report, e);
}

/* ---- older copies of pages ------------------------------------------------------------------- */

#define NO_PAGE 0
#define EVERY_PAGE UINT32_MAX

/* Copies the file and its log; the frames of this page get a wrong checksum. */
static void
copy_with_wrong_frames(uint32_t page)
{
	char log[160];
	size_t n, size, wrong = 0;
	unsigned char *p = read_file(box.path, &n);

	write_file(copy, p, n);
	size = (size_t)p[16] << 8 | p[17];
	free(p);
	snprintf(log, sizeof(log), "%s-wal", box.path);
	p = read_file(log, &n);
	for (size_t at = WAL_HEADER; at + FRAME_HEADER + size <= n; at += FRAME_HEADER + size)
		if (page == EVERY_PAGE || ((uint32_t)p[at + 2] << 8 | p[at + 3]) == page) {
			/* A bit at the end of the page, where its cells are. */
			p[at + FRAME_HEADER + size - 1] ^= 1;
			wrong++;
		}
	assert_true(page == NO_PAGE || wrong > 0);
	write_file(copy_log, p, n);
	free(p);
}

static int64_t
count_recovered(const char *sql)
{
	struct err e = { 0 };
	struct db db;
	int64_t n = 0;

	if (db_open(&db, to, DB_READ, &e) != 0 || db_exec_int(&db, sql, &n, &e) != 0)
		fail_msg("%s", e.text);
	db_close(&db, NULL);
	return n;
}

#define HELD "SELECT count(*) FROM outbox WHERE status = 'held' AND reason = 'damaged'"
#define DELIVERED "SELECT count(*) FROM outbox WHERE status = 'delivered'"
#define PENDING "SELECT count(*) FROM outbox WHERE status = 'pending'"

/*
 * Three events are pending in the file; the log says that they were delivered. Without the frame
 * that says so, the file's page is whole, but old: to believe it is to send the events again.
 */
static void
an_older_copy_of_a_page_is_not_believed(void **state)
{
	struct recover_report report;
	struct err e = { 0 };

	(void)state;
	for (int64_t id = 1; id <= 3; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box, "PRAGMA wal_checkpoint(TRUNCATE)");
	handmade_sql(&box, "PRAGMA wal_autocheckpoint = 0");
	handmade_sql(&box, "UPDATE delivery SET status = 'delivered', settled_at = 5");
	copy_with_wrong_frames(NO_PAGE);
	assert_int_equal(recover(&report, &e), 0);
	assert_int_equal(report.log_frames, 0);
	assert_int_equal(count_recovered(DELIVERED), 3);
	/* Without the table's page, its index still says what became of them. */
	copy_with_wrong_frames((uint32_t)handmade_int(
	    &box, "SELECT rootpage FROM sqlite_schema WHERE name = 'delivery'"));
	assert_int_equal(recover(&report, &e), 0);
	assert_int_equal(count_recovered(PENDING), 0);
	assert_int_equal(count_recovered(DELIVERED), 3);
	copy_with_wrong_frames(EVERY_PAGE);
	assert_int_equal(recover(&report, &e), 0);
	assert_true(report.log_frames > 0);
	assert_int_equal(report.events, 3);
	assert_int_equal(count_recovered(PENDING), 0);
	assert_int_equal(count_recovered(HELD), 3);
	assert_false(recover_is_complete(&report));
}

static off_t fails_from, fails_to; /* offsets of the log that the disk does not give */

static bool
fails(int fd, off_t at)
{
	char link[64], name[256];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, sizeof(name) - 1);
	name[length < 0 ? 0 : length] = '\0';
	errno = EIO;
	return at >= fails_from && at < fails_to && strcmp(name, copy_log) == 0;
}

/* Replaces the C library's pread, under each name that a compiler calls. */
ssize_t our_pread(int fd, void *p, size_t n, off_t at) __asm__("pread");
ssize_t our_pread_64(int fd, void *p, size_t n, off_t at) __asm__("pread64");
ssize_t our_pread_chk(int fd, void *p, size_t n, off_t at, size_t room) __asm__("__pread_chk");
ssize_t our_pread_64_chk(int fd, void *p, size_t n, off_t at, size_t room) __asm__("__pread64_chk");

ssize_t
our_pread(int fd, void *p, size_t n, off_t at)
{
	return fails(fd, at) ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

ssize_t
our_pread_64(int fd, void *p, size_t n, off_t at)
{
	return our_pread(fd, p, n, at);
}

ssize_t
our_pread_chk(int fd, void *p, size_t n, off_t at, size_t room)
{
	return our_pread(fd, p, n < room ? n : room, at);
}

ssize_t
our_pread_64_chk(int fd, void *p, size_t n, off_t at, size_t room)
{
	return our_pread(fd, p, n < room ? n : room, at);
}

/* What the log had there is not known: no older page is believed. */
static void
a_log_that_the_disk_does_not_give_is_damage(void **state)
{
	struct recover_report report;
	struct err e = { 0 };

	(void)state;
	for (int64_t id = 1; id <= 3; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box, "PRAGMA wal_checkpoint(TRUNCATE)");
	handmade_sql(&box, "PRAGMA wal_autocheckpoint = 0");
	handmade_sql(&box, "UPDATE delivery SET status = 'delivered', settled_at = 5");
	copy_with_wrong_frames(NO_PAGE);
	for (fails_from = 0; fails_from <= WAL_HEADER; fails_from += WAL_HEADER) {
		fails_to = fails_from == 0 ? 1 : INT32_MAX; /* the header, or all frames */
		assert_int_equal(recover(&report, &e), 0);
		assert_true(report.log_frames > 0);
		assert_false(recover_is_complete(&report));
		assert_int_equal(report.events, 3);
		if (fails_from > 0)
			assert_int_equal(count_recovered(PENDING), 0);
	}
	fails_from = fails_to = 0;
	assert_int_equal(recover(&report, &e), 0);
	assert_int_equal(report.log_frames, 0);
}

/* An event proves itself, so also its older copy is right, unless the log has a newer one. */
static void
an_older_copy_of_an_event_is_right(void **state)
{
	struct recover_report report;
	struct err e = { 0 };

	(void)state;
	handmade_event(&box, 1, "A", "a@b.cc", STATUS_PENDING, NULL);
	handmade_sql(&box, "PRAGMA wal_checkpoint(TRUNCATE)");
	handmade_sql(&box, "PRAGMA wal_autocheckpoint = 0");
	handmade_sql(&box, "UPDATE event SET body = NULL");
	handmade_seal(&box);
	copy_with_wrong_frames((uint32_t)handmade_int(
	    &box, "SELECT rootpage FROM sqlite_schema WHERE name = 'event'"));
	assert_int_equal(recover(&report, &e), 0);
	assert_int_equal(report.events, 1);
	assert_int_equal(count_recovered("SELECT count(*) FROM event WHERE name = 'A'"), 1);
}

/* ---- circles --------------------------------------------------------------------------------- */

static void
begin_file(unsigned char *file, uint32_t pages)
{
	memset(file, 0, (size_t)pages * PAGE);
	memcpy(file, "SQLite format 3", 16);
	put_number(file + 16, PAGE, 2);
	put_number(file + 28, pages, 4);
}

/* Makes an interior page of a table, all of whose cells name the same child. */
static void
make_interior(unsigned char *page, uint32_t header, uint32_t cells, uint32_t child)
{
	unsigned char *h = page + header;
	uint32_t at = PAGE - 5 * cells;

	h[0] = BTREE_TABLE;
	put_number(h + 3, cells, 2);
	put_number(h + 5, at, 2);
	put_number(h + 8, child, 4);
	for (uint32_t i = 0; i < cells; i++, at += 5) {
		put_number(h + 12 + 2 * i, at, 2);
		put_number(page + at, child, 4);
		page[at + 4] = (unsigned char)i;
	}
}

/* 50 cells on each page: without a memory of the pages this takes 50^24 steps. */
static void
a_schema_that_names_itself_ends(void **state)
{
	unsigned char file[3 * PAGE];
	struct recover_report report;
	struct err e = { 0 };

	(void)state;
	begin_file(file, 3);
	make_interior(file, 100, 50, 2);
	make_interior(file + PAGE, 0, 50, 3);
	make_interior(file + 2 * PAGE, 0, 50, 2);
	write_file(copy, file, sizeof(file));
	assert_int_equal(recover(&report, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "no page of a bentospool database"));
}

/* Makes a leaf with one cell of this payload, whose overflow page is the next one. */
static void
make_leaf(unsigned char *page, uint32_t payload, uint32_t overflow)
{
	const uint32_t min = (PAGE - 12) * 32 / 255 - 23, max = PAGE - 35;
	uint32_t local = min + (payload - min) % (PAGE - 4), at;

	local = local <= max ? local : min;
	at = PAGE - 4 - local - 4; /* the lengths of payload, rowid and overflow number */
	page[0] = BTREE_TABLE_LEAF;
	put_number(page + 3, 1, 2);
	put_number(page + 5, at, 2);
	put_number(page + 8, at, 2);
	page[at] = (unsigned char)(payload >> 14 | 0x80);
	page[at + 1] = (unsigned char)((payload >> 7 & 0x7f) | 0x80);
	page[at + 2] = (unsigned char)(payload & 0x7f);
	page[at + 3] = 1;
	put_number(page + PAGE - 4, overflow, 4);
}

static void
an_overflow_page_is_read_a_bounded_number_of_times(void **state)
{
	const uint32_t pages = 20, payload = 19 * PAGE;
	const uint64_t limit = BTREE_OVERFLOW_READS * (uint64_t)(pages + 1);
	unsigned char file[20 * PAGE], page[PAGE];
	struct btree_record record = { .n = 0 };
	struct btree_page b;
	struct btree_cell cell;
	struct pages p;
	struct err e = { 0 };
	uint64_t before;

	(void)state;
	begin_file(file, pages);
	make_leaf(file + PAGE, payload, 3);
	put_number(file + 2 * PAGE, 3, 4); /* page 3 follows itself */
	write_file(copy, file, sizeof(file));
	assert_int_equal(pages_open(&p, copy, &e), 0);
	assert_int_equal(pages_read(&p, 2, page), PAGE_READ);
	assert_true(btree_parse(&b, page, p.size, 2));
	assert_true(btree_cell(&b, 0, &cell));
	assert_int_equal(cell.payload, payload);
	assert_int_equal(cell.overflow, 3);
	assert_true(btree_is_intact(&b));
	/* The record is read as a whole, until the limit is reached. */
	do {
		before = record.overflow_reads;
		assert_int_not_equal(btree_record(&p, &b, &cell, &record, NULL, NULL, &e), -1);
		assert_true(record.overflow_reads <= limit);
	} while (record.overflow_reads > before);
	assert_int_equal(record.overflow_reads, limit);
	assert_true(limit > 2 * (uint64_t)payload / PAGE);
	assert_int_equal(btree_record(&p, &b, &cell, &record, NULL, NULL, &e), 0);
	btree_record_free(&record);
	pages_close(&p);
}

/* ---- every byte ------------------------------------------------------------------------------ */

/* SQLite's own pages are intact; with any byte of a cell pointer or of the header changed, a page
 * is not, unless nothing that was read depends on the byte. */
static void
a_page_with_a_changed_header_is_not_intact(void **state)
{
	unsigned char page[PAGES_SIZE_MAX];
	struct btree_page b, changed;
	struct pages p;
	struct err e = { 0 };
	uint32_t number;

	(void)state;
	for (int64_t id = 1; id <= 9; id++)
		handmade_event(&box, id, "A", "a@b.cc", STATUS_HELD, "operator");
	handmade_sql(&box, "PRAGMA wal_checkpoint(TRUNCATE)");
	number = (uint32_t)handmade_int(
	    &box, "SELECT rootpage FROM sqlite_schema WHERE name = 'delivery'");
	assert_int_equal(pages_open(&p, box.path, &e), 0);
	assert_int_equal(pages_read(&p, number, page), PAGE_READ);
	assert_true(btree_parse(&b, page, p.size, number));
	assert_int_equal(b.n_cells, 9);
	assert_true(btree_is_intact(&b));
	for (uint32_t at = 0; at < 8 + 2 * 9; at++)
		for (int bit = 0; bit < 8; bit++) {
			page[at] ^= (unsigned char)(1 << bit);
			if (btree_parse(&changed, page, p.size, number) && changed.type == b.type
			    && btree_is_intact(&changed))
				fail_msg("byte %u, bit %d", (unsigned)at, bit);
			page[at] ^= (unsigned char)(1 << bit);
		}
	pages_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    an_older_copy_of_a_page_is_not_believed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_older_copy_of_an_event_is_right, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_log_that_the_disk_does_not_give_is_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_schema_that_names_itself_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_overflow_page_is_read_a_bounded_number_of_times, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_page_with_a_changed_header_is_not_intact, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
