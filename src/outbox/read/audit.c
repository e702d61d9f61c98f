/*
 * Opening an audit, and how the sites stand: the row of each site, counts of its events by status,
 * its backlog and its last attempt. Numbers that belong together come from one read transaction.
 */
#include "outbox/read/audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "outbox/file/migrate.h"
#include "outbox/file/space.h"
#include "outbox/read/audit_private.h"

int
outbox_audit_open(const char *path, struct outbox_audit **ret_audit, struct err *e)
{
	struct outbox_audit *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(e);
	if (db_open(&a->db, path, DB_READ, e) != 0) {
		free(a);
		return -1;
	}
	if (migrate_check_version(&a->db, path, e) != 0) {
		outbox_audit_close(a);
		return -1;
	}
	*ret_audit = a;
	return 0;
}

void
outbox_audit_close(struct outbox_audit *a)
{
	if (a == NULL)
		return;
	db_close(&a->db, NULL);
	free(a);
}

const char *
outbox_audit_library(void)
{
	return sqlite3_libversion();
}

const char *
outbox_audit_lack(void)
{
	if (sqlite3_threadsafe() == 0)
		return "threads";
	if (sqlite3_compileoption_used("OMIT_WAL"))
		return "the write-ahead log";
	if (sqlite3_compileoption_used("OMIT_JSON"))
		return "JSON";
	if (sqlite3_compileoption_used("OMIT_AUTHORIZATION"))
		return "authorizers";
	if (sqlite3_compileoption_used("OMIT_PROGRESS_CALLBACK"))
		return "progress callbacks";
	return NULL;
}

/* ---- sites ---------------------------------------------------------------------------------- */

static void
copy_text(char *to, size_t size, struct slice text)
{
	snprintf(to, size, "%.*s", (int)(text.n < size ? text.n : size), text.n > 0 ? text.p : "");
}

static enum outbox_site_mode
parse_mode(struct slice name)
{
	if (SLICE_IS(name, "backoff"))
		return OUTBOX_SITE_BACKOFF;
	return SLICE_IS(name, "paused") ? OUTBOX_SITE_PAUSED : OUTBOX_SITE_READY;
}

static void
read_site(sqlite3_stmt *stmt, struct audit_site *site)
{
	*site = (struct audit_site){
		.site_id = db_int(stmt, 0),
		.mode = parse_mode(db_text(stmt, 2)),
		.next_attempt_at = db_int(stmt, 4),
		.failures = db_int(stmt, 5),
		.pause_at = db_int(stmt, 6),
		.counts[STATUS_DELIVERED] = db_int(stmt, 9),
	};
	copy_text(site->name, sizeof(site->name), db_text(stmt, 1));
	copy_text(site->reason, sizeof(site->reason), db_text(stmt, 3));
	copy_text(site->pause_by, sizeof(site->pause_by), db_text(stmt, 7));
	copy_text(site->pause_note, sizeof(site->pause_note), db_text(stmt, 8));
}

int
outbox_audit_site_modes(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_SITES, e);
	struct audit_site *sites = NULL, *grown;
	size_t n = 0;
	int rc;

	if (stmt == NULL)
		return -1;
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		grown = realloc(sites, (n + 1) * sizeof(*sites));
		if (grown == NULL) {
			db_done(stmt);
			rc = err_nomem(e);
			break;
		}
		sites = grown;
		read_site(stmt, &sites[n++]);
	}
	if (rc != 0) {
		free(sites);
		return -1;
	}
	*ret_sites = sites;
	*ret_n = n;
	return 0;
}

static struct audit_site *
find_site(struct audit_site *sites, size_t n, int64_t site_id)
{
	for (size_t i = 0; i < n; i++)
		if (sites[i].site_id == site_id)
			return &sites[i];
	return NULL;
}

/* Counts what is neither pending nor delivered. Not with GROUP BY, which would sort all rows first.
 */
static int
count_trouble(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_TROUBLE, e);
	struct audit_site *site = NULL;
	enum event_status status;
	int rc;

	if (stmt == NULL)
		return -1;
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		if (site == NULL || site->site_id != db_int(stmt, 0))
			site = find_site(sites, n, db_int(stmt, 0));
		if (site != NULL && status_parse(db_text(stmt, 1), &status) == 0)
			site->counts[status]++;
	}
	return rc;
}

static int
count_maybe_sent(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_MAYBE_SENT, e);
	int rc;

	if (stmt == NULL)
		return -1;
	while ((rc = db_step(&a->db, stmt, e)) == 1) {
		struct audit_site *site = find_site(sites, n, db_int(stmt, 0));

		if (site == NULL)
			continue;
		site->maybe_sent = db_int(stmt, 1);
		site->perhaps_twice = db_int(stmt, 2);
	}
	return rc;
}

static int
find_oldest(struct outbox_audit *a, struct audit_site *site, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_OLDEST, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site->site_id);
	rc = db_step(&a->db, stmt, e);
	if (rc == 1) {
		site->oldest_pending_id = db_int(stmt, 0);
		site->oldest_pending_at = db_int(stmt, 1);
		db_done(stmt);
	}
	return rc < 0 ? -1 : 0;
}

static int
find_last_attempt(struct outbox_audit *a, struct audit_site *site, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_LAST_ATTEMPT, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site->site_id);
	rc = db_step(&a->db, stmt, e);
	if (rc == 1) {
		site->last_attempt_id = db_int(stmt, 0);
		site->last_started_at = db_int(stmt, 1);
		site->last_finished_at = db_int(stmt, 2);
		site->last_http_status = (int)db_int(stmt, 3);
		copy_text(site->last_outcome, sizeof(site->last_outcome), db_text(stmt, 4));
		copy_text(site->last_error, sizeof(site->last_error), db_text(stmt, 5));
		db_done(stmt);
	}
	return rc < 0 ? -1 : 0;
}

static int
count_pending(struct outbox_audit *a, struct audit_site *site, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_PENDING_OF, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, site->site_id);
	rc = db_step(&a->db, stmt, e);
	if (rc == 1) {
		site->counts[STATUS_PENDING] = db_int(stmt, 0);
		site->awaiting = db_int(stmt, 1);
		db_done(stmt);
	}
	return rc < 0 ? -1 : 0;
}

static int
fill_backlogs(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (count_pending(a, &sites[i], e) != 0 || find_oldest(a, &sites[i], e) != 0
		    || find_last_attempt(a, &sites[i], e) != 0)
			return -1;
	return 0;
}

static int
fill_all(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	if (count_trouble(a, sites, n, e) != 0 || count_maybe_sent(a, sites, n, e) != 0)
		return -1;
	return fill_backlogs(a, sites, n, e);
}

static int
read_sites(struct outbox_audit *a,
    int (*fill)(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e),
    struct audit_site **ret_sites, size_t *ret_n, struct err *e)
{
	struct audit_site *sites = NULL;
	size_t n = 0;
	int rc;

	/* One transaction, so that the numbers belong together. */
	if (db_exec(&a->db, "BEGIN", e) != 0)
		return -1;
	rc = outbox_audit_site_modes(a, &sites, &n, e);
	if (rc == 0)
		rc = fill(a, sites, n, e);
	db_exec(&a->db, "ROLLBACK", NULL);
	if (rc != 0) {
		free(sites);
		return -1;
	}
	*ret_sites = sites;
	*ret_n = n;
	return 0;
}

int
outbox_audit_sites(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e)
{
	return read_sites(a, fill_all, ret_sites, ret_n, e);
}

int
outbox_audit_site_backlogs(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e)
{
	return read_sites(a, fill_backlogs, ret_sites, ret_n, e);
}

uint64_t
outbox_audit_free(const char *path)
{
	return space_free(path);
}

int
outbox_audit_pending(struct outbox_audit *a, int64_t max, int64_t *ret_count, struct err *e)
{
	sqlite3_stmt *stmt = db_stmt(&a->db, STMT_AUDIT_PENDING, e);
	int rc;

	if (stmt == NULL)
		return -1;
	db_bind_int(stmt, 1, max);
	rc = db_step(&a->db, stmt, e);
	if (rc == 1) {
		*ret_count = db_int(stmt, 0);
		db_done(stmt);
	}
	return rc == 1 ? 0 : -1;
}
