/*
 * Opens an audit and reads the state of the sites: each site's row, counts of its events by status,
 * its backlog and its last attempt. Numbers that belong together come from one read transaction.
 * Fails on errors of the database.
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

void
outbox_audit_interrupt(struct outbox_audit *a)
{
	db_interrupt(&a->db);
}

const char *
outbox_audit_library(void)
{
	return db_library();
}

const char *
outbox_audit_lack(void)
{
	return db_library_lack();
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
read_site(const struct stmt_audit_sites_row *row, struct audit_site *site)
{
	*site = (struct audit_site){
		.site_id = row->site_id,
		.mode = parse_mode(row->mode),
		.next_attempt_at = row->next_attempt_at,
		.failures = row->failures,
		.unready_since = row->unready_since,
		.pause_at = row->pause_at,
	};
	copy_text(site->name, sizeof(site->name), row->name);
	copy_text(site->reason, sizeof(site->reason), row->reason);
	copy_text(site->pause_by, sizeof(site->pause_by), row->pause_by);
	copy_text(site->pause_note, sizeof(site->pause_note), row->pause_note);
}

static struct audit_site *
find_site(struct audit_site *sites, size_t n, int64_t site_id)
{
	for (size_t i = 0; i < n; i++)
		if (sites[i].site_id == site_id)
			return &sites[i];
	return NULL;
}

static int
read_counts(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	struct db_rows rows = stmt_audit_counts(&a->db, e);
	struct stmt_audit_counts_row row;
	enum event_status status;
	int rc;

	while ((rc = stmt_audit_counts_next(&rows, &row, e)) == 1) {
		struct audit_site *site = find_site(sites, n, row.site_id);

		if (site != NULL && status_parse(row.status, &status) == 0)
			site->counts[status] = row.events;
	}
	return rc;
}

int
outbox_audit_site_modes(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e)
{
	struct db_rows rows = stmt_audit_sites(&a->db, e);
	struct audit_site *sites = NULL, *grown;
	struct stmt_audit_sites_row row;
	size_t n = 0;
	int rc;

	while ((rc = stmt_audit_sites_next(&rows, &row, e)) == 1) {
		grown = realloc(sites, (n + 1) * sizeof(*sites));
		if (grown == NULL) {
			db_rows_end(&rows);
			rc = err_nomem(e);
			break;
		}
		sites = grown;
		read_site(&row, &sites[n++]);
	}
	if (rc == 0)
		rc = read_counts(a, sites, n, e);
	if (rc != 0) {
		free(sites);
		return -1;
	}
	*ret_sites = sites;
	*ret_n = n;
	return 0;
}

static int
count_maybe_sent(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	struct db_rows rows = stmt_audit_maybe_sent(&a->db, e);
	struct stmt_audit_maybe_sent_row row;
	int rc;

	while ((rc = stmt_audit_maybe_sent_next(&rows, &row, e)) == 1) {
		struct audit_site *site = find_site(sites, n, row.site_id);

		if (site == NULL)
			continue;
		site->maybe_sent = row.maybe_sent;
		site->perhaps_twice = row.perhaps_twice;
	}
	return rc;
}

static int
find_oldest(struct outbox_audit *a, struct audit_site *site, struct err *e)
{
	struct stmt_audit_oldest_pending_row row = { .event_id = 0 };
	int rc = stmt_audit_oldest_pending(&a->db, site->site_id, &row, e);

	site->oldest_pending_id = row.event_id;
	site->oldest_pending_at = row.received_at;
	return rc < 0 ? -1 : 0;
}

static int
find_last_attempt(struct outbox_audit *a, struct audit_site *site, struct err *e)
{
	struct db_rows rows = stmt_audit_last_attempt(&a->db, site->site_id, e);
	struct stmt_audit_last_attempt_row row;
	int rc = stmt_audit_last_attempt_next(&rows, &row, e);

	if (rc == 1) {
		site->last_attempt_id = row.attempt_id;
		site->last_started_at = row.started_at;
		site->last_finished_at = row.finished_at;
		site->last_http_status = (int)row.http_status;
		copy_text(site->last_outcome, sizeof(site->last_outcome), row.outcome);
		copy_text(site->last_error, sizeof(site->last_error), row.error);
	}
	db_rows_end(&rows);
	return rc < 0 ? -1 : 0;
}

static int
fill_backlogs(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (stmt_audit_unresolved(&a->db, sites[i].site_id, &sites[i].awaiting, e) != 1
		    || find_oldest(a, &sites[i], e) != 0 || find_last_attempt(a, &sites[i], e) != 0)
			return -1;
	return 0;
}

static int
fill_all(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	if (count_maybe_sent(a, sites, n, e) != 0)
		return -1;
	return fill_backlogs(a, sites, n, e);
}

static int
fill_oldest_about(struct outbox_audit *a, struct audit_site *sites, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct stmt_audit_oldest_about_row row = { .event_id = 0 };
		const struct stmt_audit_oldest_about in = {
			.site_id = sites[i].site_id,
			.max = AUDIT_GAUGES_DELAYED,
		};

		if (stmt_audit_oldest_about(&a->db, &in, &row, e) < 0)
			return -1;
		sites[i].oldest_pending_id = row.event_id;
		sites[i].oldest_pending_at = row.received_at;
	}
	return 0;
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
	db_rollback(&a->db);
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

int
outbox_audit_gauges(
    struct outbox_audit *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e)
{
	return read_sites(a, fill_oldest_about, ret_sites, ret_n, e);
}

int
outbox_audit_awaiting(
    struct outbox_audit *a, int64_t site_id, int64_t max, int64_t *ret_count, struct err *e)
{
	const struct stmt_audit_awaiting in = { .site_id = site_id, .max = max };

	return stmt_audit_awaiting(&a->db, &in, ret_count, e) == 1 ? 0 : -1;
}

uint64_t
outbox_audit_free(const char *path)
{
	return space_free(path);
}

int
outbox_audit_unset(struct outbox_audit *a, int64_t *ret_count, struct err *e)
{
	return stmt_provisional_count(&a->db, ret_count, e) == 1 ? 0 : -1;
}

int
outbox_audit_clocks(struct outbox_audit *a, struct clock_note *ret_note, struct err *e)
{
	return clocks_read(&a->db, ret_note, e);
}

int
outbox_audit_troubled(struct outbox_audit *a, int64_t since, int64_t max,
    struct audit_troubled *ret_troubled, struct err *e)
{
	struct stmt_audit_troubled_row row;

	if (stmt_audit_troubled(
		&a->db, &(struct stmt_audit_troubled){ .since = since, .max = max }, &row, e)
	    != 1)
		return -1;
	*ret_troubled = (struct audit_troubled){ .failed = row.failed, .held = row.held };
	return 0;
}

int
outbox_audit_pending(struct outbox_audit *a, int64_t *ret_count, struct err *e)
{
	return stmt_audit_pending(&a->db, ret_count, e) == 1 ? 0 : -1;
}
