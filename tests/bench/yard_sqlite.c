/*
 * A yardstick: inserts one row for each event into a table with a rowid and no index, in groups
 * that are committed with synchronous=FULL. Without HTTP, JSON, duplicate detection and delivery,
 * it is the least work that a durable store in SQLite can do on this machine.
 *
 * With a rate, rows arrive at that rate, whatever has arrived is committed together (at most GROUP
 * rows), and a row's latency is the time from its arrival to the end of its commit.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_BODY 1000000

struct yard {
	const char *path;
	long rows;
	long group;
	long size;
	long page_size;
	long checkpoint_pages; /* the WAL is copied back after growing by this many pages */
	bool random_ids;
	long rate;       /* rows a second; 0: as fast as it goes */
	double *latency; /* seconds, of each row; NULL without a rate */
	sqlite3 *db;
	sqlite3_stmt *event;
	uint64_t random;
	char *body;
};

static int
fail(const struct yard *y, const char *doing)
{
	fprintf(stderr, "yard_sqlite: %s: %s\n", doing,
	    y->db == NULL ? "out of memory" : sqlite3_errmsg(y->db));
	return -1;
}

static int
run_sql(struct yard *y, const char *sql)
{
	return sqlite3_exec(y->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(y, sql);
}

static int
open_database(struct yard *y)
{
	char pragmas[160];

	if (sqlite3_open(y->path, &y->db) != SQLITE_OK)
		return fail(y, y->path);
	snprintf(pragmas, sizeof(pragmas),
	    "PRAGMA page_size=%ld; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "PRAGMA wal_autocheckpoint=%ld;",
	    y->page_size, y->checkpoint_pages);
	if (run_sql(y, pragmas) != 0)
		return -1;
	if (run_sql(y,
		"CREATE TABLE event (event_id INTEGER PRIMARY KEY, site_id INTEGER NOT NULL,"
		" message_id TEXT NOT NULL, kind TEXT NOT NULL, name TEXT, email TEXT,"
		" occurred_at INTEGER NOT NULL, received_at INTEGER NOT NULL, body TEXT) STRICT")
	    != 0)
		return -1;
	if (sqlite3_prepare_v2(y->db,
		"INSERT INTO event (site_id, message_id, kind, name, email, occurred_at,"
		" received_at, body) VALUES (1, ?1, 'track', 'Order Completed',"
		" 'user@load.example', ?2, ?2, ?3)",
		-1, &y->event, NULL)
	    != SQLITE_OK)
		return fail(y, "prepare");
	return 0;
}

static uint64_t
next_random(struct yard *y)
{
	/* xorshift64* */
	y->random ^= y->random >> 12;
	y->random ^= y->random << 25;
	y->random ^= y->random >> 27;
	return y->random * UINT64_C(0x2545f4914f6cdd1d);
}

static int
insert_row(struct yard *y, int64_t now_ms, long n)
{
	uint64_t high = y->random_ids ? next_random(y) : (uint64_t)now_ms << 16;
	uint64_t low = y->random_ids ? next_random(y) : (uint64_t)n;
	char id[40];
	int n_id = snprintf(id, sizeof(id), "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
	    (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
	    (unsigned long long)(low & UINT64_C(0xffffffffffff)));

	sqlite3_bind_text(y->event, 1, id, n_id, SQLITE_STATIC);
	sqlite3_bind_int64(y->event, 2, now_ms);
	sqlite3_bind_text(y->event, 3, y->body, (int)y->size, SQLITE_STATIC);
	if (sqlite3_step(y->event) != SQLITE_DONE)
		return fail(y, "insert");
	sqlite3_reset(y->event);
	return 0;
}

static double
seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
wait_until(double at)
{
	double left = at - seconds(CLOCK_MONOTONIC);
	struct timespec ts = { (time_t)left, (long)((left - (double)(time_t)left) * 1e9) };

	if (left > 0)
		nanosleep(&ts, NULL);
}

/* Waits until row n is there; returns the end of its group. */
static long
end_of_group(const struct yard *y, long n, double began)
{
	long end = n + y->group < y->rows ? n + y->group : y->rows, arrived;

	if (y->rate == 0)
		return end;
	wait_until(began + (double)n / (double)y->rate);
	arrived = (long)((seconds(CLOCK_MONOTONIC) - began) * (double)y->rate) + 1;
	return arrived <= n ? n + 1 : arrived < end ? arrived : end;
}

static int
insert_rows(struct yard *y)
{
	double began = seconds(CLOCK_MONOTONIC);

	for (long n = 0, end; n < y->rows; n = end) {
		int64_t now_ms = (int64_t)(seconds(CLOCK_REALTIME) * 1000);

		end = end_of_group(y, n, began);
		if (run_sql(y, "BEGIN IMMEDIATE") != 0)
			return -1;
		for (long i = n; i < end; i++)
			if (insert_row(y, now_ms, i) != 0)
				return -1;
		if (run_sql(y, "COMMIT") != 0)
			return -1;
		for (long i = n; y->latency != NULL && i < end; i++)
			y->latency[i] =
			    seconds(CLOCK_MONOTONIC) - began - (double)i / (double)y->rate;
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, z = *(const double *)b;

	return (x > z) - (x < z);
}

/* Prints a quantile in ms, as spool-load names it. */
static void
print_latency(const struct yard *y, const char *name, long thousandths)
{
	long at = y->rows * thousandths / 1000;

	printf(",\"%s\":%.3f", name, y->latency[at < y->rows ? at : y->rows - 1] * 1000);
}

static int
measure(struct yard *y)
{
	double begin, wall, cpu;

	if (open_database(y) != 0)
		return -1;
	begin = seconds(CLOCK_MONOTONIC);
	if (insert_rows(y) != 0)
		return -1;
	wall = seconds(CLOCK_MONOTONIC) - begin;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	printf("{\"rows\":%ld,\"group\":%ld,\"seconds\":%.3f,\"rows_per_second\":%.0f,"
	       "\"cpu_per_100k\":%.2f",
	    y->rows, y->group, wall, (double)y->rows / wall, cpu * 1e5 / (double)y->rows);
	if (y->latency != NULL) {
		qsort(y->latency, (size_t)y->rows, sizeof(*y->latency), compare);
		print_latency(y, "p50", 500);
		print_latency(y, "p99", 990);
		print_latency(y, "p999", 999);
		print_latency(y, "max", 1000);
	}
	printf("}\n");
	return 0;
}

static int
parse_number(const char *text, long max, long *ret_n)
{
	char *end;

	errno = 0;
	*ret_n = strtol(text, &end, 10);
	return errno != 0 || end == text || *end != '\0' || *ret_n < 1 || *ret_n > max ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct yard y = { .random = UINT64_C(0x9e3779b97f4a7c15) };
	int rc;

	if (argc < 8 || argc > 9 || parse_number(argv[2], 1000000000, &y.rows) != 0
	    || parse_number(argv[3], 1000000, &y.group) != 0
	    || parse_number(argv[4], MAX_BODY, &y.size) != 0
	    || parse_number(argv[5], 65536, &y.page_size) != 0
	    || parse_number(argv[6], 1000000, &y.checkpoint_pages) != 0
	    || (argc == 9 && parse_number(argv[8], 1000000, &y.rate) != 0)) {
		fprintf(stderr, "yard_sqlite NEW-DATABASE ROWS GROUP SIZE PAGE-SIZE "
				"CHECKPOINT-PAGES ordered|random [RATE]\n");
		return 2;
	}
	y.path = argv[1];
	y.random_ids = strcmp(argv[7], "random") == 0;
	y.body = malloc((size_t)y.size);
	y.latency = y.rate > 0 ? calloc((size_t)y.rows, sizeof(*y.latency)) : NULL;
	if (y.body == NULL || (y.rate > 0 && y.latency == NULL))
		return 1;
	memset(y.body, 'x', (size_t)y.size);
	rc = measure(&y);
	sqlite3_finalize(y.event);
	sqlite3_close(y.db);
	free(y.body);
	free(y.latency);
	return rc == 0 ? 0 : 1;
}
