/* Reads the queries from the source tree, and runs one after the other. */
#include "lib/truths.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_SIZE 8192

static const char checksums[] =
    "SELECT 'checksum', event_id FROM event WHERE checksum <> event_checksum(event_id, site_id,"
    " message_id, kind, name, email, occurred_at, received_at, envelope_id, browser, provisional,"
    " body);"
    "SELECT 'checksum of envelope', envelope_id FROM envelope WHERE checksum <>"
    " envelope_checksum(envelope_id, context, integrations, sent_at);";

/* Returns -1 when the statement gives a row or fails. */
static int
run(struct db *db, sqlite3_stmt *rows, char *ret_why, size_t size)
{
	int rc = sqlite3_step(rows);

	if (rc == SQLITE_ROW)
		snprintf(ret_why, size, "the audit is not truthful: %s %lld",
		    (const char *)sqlite3_column_text(rows, 0),
		    (long long)sqlite3_column_int64(rows, 1));
	else if (rc != SQLITE_DONE)
		snprintf(ret_why, size, "%s", sqlite3_errmsg(db->handle));
	sqlite3_finalize(rows);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int
run_all(struct db *db, const char *sql, char *ret_why, size_t size)
{
	int rc = 0;

	while (rc == 0 && *sql != '\0') {
		sqlite3_stmt *rows;

		if (sqlite3_prepare_v2(db->handle, sql, -1, &rows, &sql) != SQLITE_OK) {
			snprintf(ret_why, size, "%s", sqlite3_errmsg(db->handle));
			return -1;
		}
		if (rows != NULL) /* not only a comment */
			rc = run(db, rows, ret_why, size);
	}
	return rc;
}

int
truths_check(struct db *db, char *ret_why, size_t size)
{
	const char *top = getenv("top_srcdir");
	char path[4096], sql[TEXT_SIZE];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/lib/truths.sql", top == NULL ? ".." : top);
	f = fopen(path, "re");
	n = f == NULL ? 0 : fread(sql, 1, sizeof(sql) - 1, f);
	if (f != NULL)
		fclose(f);
	if (n == 0 || n == sizeof(sql) - 1) {
		snprintf(ret_why, size, "cannot read %s, or it is longer than %d bytes", path,
		    TEXT_SIZE);
		return -1;
	}
	sql[n] = '\0';
	if (run_all(db, sql, ret_why, size) != 0)
		return -1;
	return run_all(db, checksums, ret_why, size);
}
