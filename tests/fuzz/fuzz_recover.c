/*
 * outbox/recover: the first byte says what to do, the next two how many bytes are the database; the
 * rest is its write-ahead log. Whatever the bytes are, each page and record lies within what was
 * read, the work is bounded by the size of the file, and reading into a database does not fail.
 */
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "outbox/file/db.h"
#include "outbox/recover/reading.h"
#include "outbox/recover/states.h"

#define WAL_HEADER 32
#define FRAME_HEADER 24

/* Bits of the first byte. */
#define RUN 15       /* all of these are set: also read it into a database */
#define RIGHT_LOG 16 /* the checksums of the log are made right first, which chance never does */

static char path[64], log_path[70];

static void
write_file(const char *name, const uint8_t *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_CHECK(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	close(fd);
}

static uint32_t
number_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
put_number(uint8_t *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* Continues a big-endian checksum. */
static void
sum(uint32_t s[2], const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		s[0] += number_at(p + i) + s[1];
		s[1] += number_at(p + i + 4) + s[0];
	}
}

/* Every fourth frame stays wrong when its page number says so. */
static void
make_right(uint8_t *log, size_t n)
{
	uint32_t s[2] = { 0, 0 };
	size_t size = 512;

	if (n < WAL_HEADER)
		return;
	put_number(log, 0x377f0683);
	put_number(log + 8, (uint32_t)size);
	sum(s, log, 24);
	put_number(log + 24, s[0]);
	put_number(log + 28, s[1]);
	for (size_t at = WAL_HEADER; at + FRAME_HEADER + size <= n; at += FRAME_HEADER + size) {
		uint8_t *frame = log + at;

		frame[0] = frame[1] = 0;
		memcpy(frame + 8, log + 16, 8);
		sum(s, frame, 8);
		sum(s, frame + FRAME_HEADER, size);
		if ((frame[2] & 0x80) == 0) {
			put_number(frame + 16, s[0]);
			put_number(frame + 20, s[1]);
		}
		s[0] = number_at(frame + 16);
		s[1] = number_at(frame + 20);
	}
}

static void
check_record(const struct btree_record *record, size_t payload)
{
	const char *begin = (const char *)record->bytes;

	FUZZ_CHECK(record->n <= BTREE_COLUMNS_MAX);
	for (size_t i = 0; i < record->n; i++) {
		const struct query_value *v = &record->value[i];

		if ((v->type == QUERY_TEXT || v->type == QUERY_BLOB) && v->bytes.n > 0)
			FUZZ_CHECK(
			    v->bytes.p >= begin && v->bytes.p + v->bytes.n <= begin + payload);
	}
}

static void
check_page(
    const struct pages *p, const unsigned char *page, uint32_t number, struct btree_record *record)
{
	struct btree_page b;
	struct btree_cell cell;
	struct err e = { 0 };
	bool intact;

	if (!btree_parse(&b, page, p->size, number))
		return;
	intact = btree_is_intact(&b);
	for (uint32_t i = 0; i < b.n_cells; i++) {
		bool there = btree_cell(&b, i, &cell);

		FUZZ_CHECK(there || !intact);
		if (!there)
			continue;
		FUZZ_CHECK(cell.begin <= cell.at && cell.at + cell.local <= cell.end);
		FUZZ_CHECK(cell.end <= p->size);
		if (btree_record(p, &b, &cell, record, NULL, NULL, &e) == 1)
			check_record(record, (size_t)cell.payload);
	}
	FUZZ_CHECK(record->overflow_reads <= BTREE_OVERFLOW_READS * ((uint64_t)p->n + 1));
}

static void
check_pages(void)
{
	static unsigned char page[PAGES_SIZE_MAX];
	struct btree_record record = { .n = 0 };
	struct pages p;
	struct err e = { 0 };

	FUZZ_CHECK(pages_open(&p, path, &e) == 0);
	FUZZ_CHECK(p.size >= 512 && p.size <= PAGES_SIZE_MAX);
	for (uint32_t number = 0; number <= p.n + 1; number++)
		if (pages_read(&p, number, page) != PAGE_MISSING)
			check_page(&p, page, number, &record);
	for (size_t i = 0; i < p.wal.wrong.n; i++)
		if (pages_read_wrong(&p, i, page))
			check_page(&p, page, p.wal.wrong.frame[i].page, &record);
	btree_record_free(&record);
	pages_close(&p);
}

static void
check_reading(void)
{
	struct reading r = { .pages = { .fd = -1, .wal = { .fd = -1 } } };
	struct err e = { 0 };
	struct db db;

	FUZZ_CHECK(db_open(&db, ":memory:", DB_WRITE, &e) == 0);
	for (int i = 0; i < SCHEMA_VERSION; i++)
		FUZZ_CHECK(db_exec(&db, schema_migrations[i], &e) == 0);
	FUZZ_CHECK(db_exec(&db, schema_views, &e) == 0);
	FUZZ_CHECK(states_stage(&db, &e) == 0);
	FUZZ_CHECK(reading_open(&r, path, &db, &e) == 0);
	FUZZ_CHECK(reading_run(&r, &e) == 0);
	FUZZ_CHECK(states_decide(&db, 1000, &e) == 0);
	reading_close(&r);
	FUZZ_CHECK(db_close(&db, &e) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *folder = getenv("TMPDIR");
	uint8_t *log;
	size_t n, rest;

	if (size < 3)
		return 0;
	snprintf(
	    path, sizeof(path), "%.40s/fuzz-%ld", folder != NULL ? folder : "/tmp", (long)getpid());
	snprintf(log_path, sizeof(log_path), "%s-wal", path);
	n = (size_t)data[1] << 8 | data[2];
	n = n < size - 3 ? n : size - 3;
	rest = size - 3 - n;
	write_file(path, data + 3, n);
	log = malloc(rest + 1);
	FUZZ_CHECK(log != NULL);
	memcpy(log, data + 3 + n, rest);
	if ((data[0] & RIGHT_LOG) != 0)
		make_right(log, rest);
	write_file(log_path, log, rest);
	free(log);
	check_pages();
	if ((data[0] & RUN) == RUN)
		check_reading();
	unlink(path);
	unlink(log_path);
	return 0;
}
