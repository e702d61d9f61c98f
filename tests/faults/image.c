/* Opens an image with the outbox's own code, and reads it beside the outbox as an auditor would. */
#include "faults/image.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/truths.h"
#include "outbox/file/db.h"
#include "outbox/outbox.h"

static int wrong(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
wrong(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, IMAGE_WHY, format, ap);
	va_end(ap);
	return -1;
}

/* ---- all rows as one number ------------------------------------------------------------------ */

static void
mix(uint64_t *hash, const void *p, size_t n)
{
	const unsigned char *at = p;
	uint64_t word;

	for (; n >= sizeof(word); at += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		*hash = (*hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		*hash ^= *hash >> 29;
	}
	for (; n > 0; at++, n--)
		*hash = (*hash ^ *at) * UINT64_C(0x100000001b3);
}

static void
mix_row(uint64_t *hash, sqlite3_stmt *rows)
{
	for (int i = 0; i < sqlite3_column_count(rows); i++) {
		int type = sqlite3_column_type(rows, i);
		sqlite3_int64 number = sqlite3_column_int64(rows, i);

		mix(hash, &type, sizeof(type));
		if (type == SQLITE_INTEGER)
			mix(hash, &number, sizeof(number));
		else if (type != SQLITE_NULL)
			mix(hash, sqlite3_column_blob(rows, i),
			    (size_t)sqlite3_column_bytes(rows, i));
	}
}

static int
mix_table(sqlite3 *db, const char *table, uint64_t *hash, char *why)
{
	sqlite3_stmt *rows;
	char sql[256];
	int rc;

	snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\"", table);
	if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) != SQLITE_OK)
		return wrong(why, "%s: %s", table, sqlite3_errmsg(db));
	mix(hash, table, strlen(table));
	while ((rc = sqlite3_step(rows)) == SQLITE_ROW)
		mix_row(hash, rows);
	sqlite3_finalize(rows);
	return rc == SQLITE_DONE ? 0 : wrong(why, "%s: %s", table, sqlite3_errmsg(db));
}

static int
hash_all(sqlite3 *db, uint64_t *hash, char *why)
{
	sqlite3_stmt *tables;
	int rc = 0;

	*hash = 1;
	sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
	    -1, &tables, NULL);
	while (rc == 0 && sqlite3_step(tables) == SQLITE_ROW)
		rc = mix_table(db, (const char *)sqlite3_column_text(tables, 0), hash, why);
	sqlite3_finalize(tables);
	return rc;
}

/* ---- what must be so ------------------------------------------------------------------------- */

/* The outbox has just been opened, which ends the attempts that the cut left open. */
static int
look_for_faults(struct db *db, char *why)
{
	int64_t open = -1;
	struct err e;

	if (truths_check(db, why, IMAGE_WHY) != 0)
		return -1;
	if (db_exec_int(db, "SELECT count(*) FROM attempt WHERE outcome IS NULL", &open, &e) != 0)
		return wrong(why, "%s", e.text);
	return open == 0 ? 0 : wrong(why, "the audit is not truthful: an attempt is open");
}

static bool
is_in_force(const struct life_promise *p, size_t moment)
{
	return p->from <= moment && moment < p->until;
}

static int
check_promises(struct db *db, const struct life *life, size_t moment, char *why)
{
	for (size_t i = 0; i < life->n_promises; i++) {
		const struct life_promise *p = &life->promise[i];
		int64_t number = -1;
		struct err e;

		if (p->sql[0] == '\0' || !is_in_force(p, moment))
			continue;
		if (db_exec_int(db, p->sql, &number, &e) != 0)
			return wrong(why, "%s: %s", p->sql, e.text);
		if (number != p->number)
			return wrong(why, "LOST: %s gives %lld, not %lld", p->sql,
			    (long long)number, (long long)p->number);
	}
	return 0;
}

static int
check_file(const char *directory, const struct life_promise *p, char *why)
{
	char path[4200], block[65536];
	size_t at = 0, n;
	bool same = true;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, p->file);
	f = fopen(path, "re");
	if (f == NULL)
		return wrong(why, "LOST: the file %s is gone", p->file);
	while (same && (n = fread(block, 1, sizeof(block), f)) > 0) {
		same = at + n <= p->n && memcmp(p->p + at, block, n) == 0;
		at += n;
	}
	fclose(f);
	return same && at == p->n ? 0 : wrong(why, "LOST: the file %s is not whole", p->file);
}

int
image_check_files(const char *directory, const struct life *life, size_t moment, char *why)
{
	for (size_t i = 0; i < life->n_promises; i++)
		if (life->promise[i].sql[0] == '\0' && is_in_force(&life->promise[i], moment)
		    && check_file(directory, &life->promise[i], why) != 0)
			return -1;
	return 0;
}

static int
check_pages(sqlite3 *db, char *why)
{
	sqlite3_stmt *rows;
	int rc = 0;

	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &rows, NULL) != SQLITE_OK
	    || sqlite3_step(rows) != SQLITE_ROW)
		rc = wrong(why, "integrity: %s", sqlite3_errmsg(db));
	else if (strcmp((const char *)sqlite3_column_text(rows, 0), "ok") != 0)
		rc = wrong(why, "integrity: %s", (const char *)sqlite3_column_text(rows, 0));
	sqlite3_finalize(rows);
	return rc;
}

/* ---- life goes on ---------------------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static bool is_done;

static void
note_done(struct outbox_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	pthread_mutex_lock(&mutex);
	is_done = true;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
}

static int
store_one_more(struct outbox *o, int64_t site, char *why)
{
	struct segment_event event = { .body = SLICE("{}"),
		.kind = KIND_TRACK,
		.name = SLICE("n"),
		.message_id = SLICE("one more"),
		.email = SLICE("ann@example.com"),
		.status = STATUS_PENDING };
	struct outbox_put p = { .msg = { .type = OUTBOX_PUT, .done = note_done },
		.site_id = site,
		.events = &event,
		.n_events = 1 };

	is_done = false;
	if (outbox_send(o, &p.msg) != 0)
		return wrong(why, "the outbox takes no message");
	pthread_mutex_lock(&mutex);
	while (!is_done)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	return p.msg.rc == 0 && p.n_stored == 1 ? 0 : wrong(why, "afterward: %s", p.msg.err.text);
}

static int
go_on(struct outbox *o, char *why)
{
	int64_t site;
	struct err e;
	int rc;

	if (outbox_site(o, "main", &site, &e) != 0 || outbox_start(o, &e) != 0)
		return wrong(why, "start: %s", e.text);
	rc = store_one_more(o, site, why);
	if (outbox_stop(o, &e) != 0 && rc == 0)
		rc = wrong(why, "stop: %s", e.text);
	return rc;
}

static int
check_database(
    const char *database, const struct life *life, size_t moment, uint64_t *ret_hash, char *why)
{
	struct db db;
	struct err e;
	int rc;

	if (db_open(&db, database, DB_READ, &e) != 0)
		return wrong(why, "%s", e.text);
	rc = check_pages(db.handle, why);
	if (rc == 0)
		rc = hash_all(db.handle, ret_hash, why);
	if (rc == 0 && life != NULL)
		rc = look_for_faults(&db, why);
	if (rc == 0 && life != NULL)
		rc = check_promises(&db, life, moment, why);
	db_close(&db, NULL);
	return rc;
}

int
image_check(const char *directory, const char *database, const struct life *life, size_t moment,
    uint64_t *ret_hash, char *why)
{
	struct outbox_options options = { .path = database,
		.max_waiting = 10,
		.max_waiting_bytes = 1 << 20,
		.clock = &life_clock };
	struct outbox *o;
	struct err e;
	int rc;

	if (life != NULL && image_check_files(directory, life, moment, why) != 0)
		return -1;
	if (outbox_open(&options, &o, NULL, &e) != 0)
		return wrong(why, "it does not open: %s", e.text);
	rc = check_database(database, life, moment, ret_hash, why);
	if (rc == 0)
		rc = go_on(o, why);
	outbox_close(o);
	return rc;
}
