/*
 * A list of checks, each of which goes on after the others have found something. A table that
 * cannot be read is a finding of the check that needed it. Only the scan of contents reads around
 * damage, because it says which events are lost.
 */
#include "outbox/read/verify.h"

#include <stdio.h>
#include <string.h>

#include "outbox/dedup/dedup.h"
#include "outbox/file/db.h"
#include "outbox/file/migrate.h"
#include "outbox/file/query.h"
#include "outbox/recover/pages.h"

#define STEP 1000
#define CHECK_MS (24 * 3600 * INT64_C(1000))
#define RECOVER "stop the daemon, run bentospool recover, and continue with the new file"
#define RELEASE                                                                                    \
	"compare its body with the sender's, then hold, release or discard it; recover holds it"

struct verify {
	struct db db;
	const char *path;
	const struct verify_options *options;
	const char *check; /* the check that runs now */
	int64_t here;      /* its findings */
	int64_t findings, events;
	struct siphash_key secret;
	bool has_secret;
	struct err *e;
};

static void __attribute__((format(printf, 4, 5)))
report(struct verify *v, int64_t event_id, const char *remedy, const char *fmt, ...)
{
	char what[400];
	const struct verify_finding finding = {
		.check = v->check,
		.event_id = event_id,
		.what = what,
		.remedy = remedy,
	};
	va_list args;

	v->findings++;
	if (v->here++ >= VERIFY_FINDINGS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	v->options->each(v->options->arg, &finding);
}

/* Ends a check. An error of reading is a finding, any other one ends verify. */
static int
end_check(struct verify *v, int rc, const char *what)
{
	if (rc >= 0)
		return 0;
	if (v->e->code == ERR_NOMEM || v->e->code == ERR_BUSY)
		return -1;
	report(v, 0, RECOVER, "%s cannot be read: %s", what, v->e->text);
	return 0;
}

/* ---- pages ----------------------------------------------------------------------------------- */

/* A row has one line or several. */
static int
take_lines(void *arg, const struct query_value *value, size_t n, struct err *e)
{
	struct verify *v = arg;
	const char *p = n > 0 ? value->bytes.p : NULL, *end = n > 0 ? p + value->bytes.n : NULL;

	(void)e;
	while (p != NULL && p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		int length = (int)((stop != NULL ? stop : end) - p);

		if (strncmp(p, "***", 3) != 0 && !(length == 2 && memcmp(p, "ok", 2) == 0))
			report(v, 0, RECOVER, "%.*s", length, p);
		p += length + 1;
	}
	return 0;
}

/*
 * Lets SQLite check the pages and indexes of one table, or of the file. The events of a file that a
 * daemon uses are left to the scan of contents: this check is one transaction.
 */
static int
check_pages(struct verify *v)
{
	static const char *const tables[] = { "meta", "site", "site_count", "envelope",
		"message_chunk", "event_block", "event_block_count", "event_address", "delivery",
		"dedup_bucket", "dedup_recent", "dedup_level", "mapping", "attempt",
		"attempt_event", "span", "operation", "operation_event", "identity",
		"identity_release", "erasure", "request_count", "clock_period", "box", "via" };
	const struct query_sink sink = { .row = take_lines, .arg = v };
	char sql[80];
	int rc;

	if (v->options->offline)
		return end_check(v,
		    query_run(&v->db, "PRAGMA integrity_check(1000)", CHECK_MS, &sink, v->e),
		    "the file");
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		snprintf(sql, sizeof(sql), "PRAGMA integrity_check(%s)", tables[i]);
		rc = query_run(&v->db, sql, CHECK_MS, &sink, v->e);
		if (end_check(v, rc, tables[i]) != 0)
			return -1;
	}
	return 0;
}

/* The size and the log of a file that no process has open. */
static int
check_log(struct verify *v)
{
	struct pages pages;
	uint32_t missing;

	if (!v->options->offline)
		return 0;
	if (pages_open(&pages, v->path, v->e) != 0)
		return end_check(v, -1, "the file");
	for (size_t i = 0; i < pages.wal.wrong.n; i++)
		report(v, 0, RECOVER,
		    "the write-ahead log has a damaged copy of page %u at byte %lld",
		    (unsigned)pages.wal.wrong.frame[i].page,
		    (long long)pages.wal.wrong.frame[i].at);
	for (missing = pages.n_in_file + 1;
	     missing <= pages.n && wal_find(&pages.wal, missing) != NULL;)
		missing++;
	if (missing <= pages.n)
		report(v, 0, RECOVER,
		    "the file was cut: it should have %u pages, and ends before page %u",
		    (unsigned)pages.n, (unsigned)missing);
	pages_close(&pages);
	return 0;
}

/* ---- contents -------------------------------------------------------------------------------- */

/* Whether a scan moves on. In a damaged tree it may go back, and would never end. */
static bool
moves_on(struct verify *v, int64_t *last, int64_t id)
{
	if (id <= *last) {
		err_set(v->e, ERR_IO, "the rows after %lld are out of order", (long long)*last);
		return false;
	}
	*last = id;
	return true;
}

/* Reads events from *from on, which follows the last one. Returns the number of rows, or -1. */
static int
step_contents(struct verify *v, int64_t *from, int64_t max, bool tell)
{
	const struct stmt_verify_contents in = { .from = *from, .max = max };
	struct db_rows rows = stmt_verify_contents(&v->db, &in, v->e);
	struct stmt_verify_contents_row row;
	int64_t last = *from - 1;
	int n = 0, rc;

	while ((rc = stmt_verify_contents_next(&rows, &row, v->e)) == 1) {
		if (!moves_on(v, &last, row.event_id)) {
			db_rows_end(&rows);
			return -1;
		}
		*from = last + 1;
		n++;
		if (!row.right && tell)
			report(v, row.event_id, RELEASE,
			    "event %lld was changed: its checksum is wrong",
			    (long long)row.event_id);
	}
	v->events += tell ? n : 0;
	return rc < 0 ? -1 : n;
}

static bool
can_read(struct verify *v, int64_t from)
{
	return step_contents(v, &from, 1, false) >= 0;
}

/* Finds the first id behind `bad` from which events can be read; INT64_MAX: there is none. */
static int64_t
skip_damage(struct verify *v, int64_t bad)
{
	int64_t good, step = 1;

	for (good = bad + step; !can_read(v, good); good = bad + step) {
		bad = good;
		if (step > INT64_MAX / 4 - bad)
			return INT64_MAX;
		step *= 2;
	}
	while (good - bad > 1) {
		int64_t middle = bad + (good - bad) / 2;

		if (can_read(v, middle))
			good = middle;
		else
			bad = middle;
	}
	return good;
}

static int
check_contents(struct verify *v)
{
	int64_t from = 1;
	int n;

	while ((n = step_contents(v, &from, STEP, true)) != 0) {
		if (n < 0) {
			int64_t bad = from;

			if (v->e->code == ERR_NOMEM || v->e->code == ERR_BUSY)
				return -1;
			if (v->here > VERIFY_FINDINGS_MAX)
				return 0;
			from = skip_damage(v, bad);
			if (from == INT64_MAX) {
				report(v, 0, RECOVER, "events from %lld on cannot be read",
				    (long long)bad);
				return 0;
			}
			report(v, 0, RECOVER, "events %lld to %lld cannot be read", (long long)bad,
			    (long long)from - 1);
		}
		if (v->options->progress != NULL)
			v->options->progress(v->options->arg, v->events);
	}
	return 0;
}

static int
check_envelopes(struct verify *v)
{
	int64_t after = 0;
	int n, rc;

	do {
		const struct stmt_verify_envelopes in = { .after = after, .max = STEP };
		struct db_rows rows = stmt_verify_envelopes(&v->db, &in, v->e);
		struct stmt_verify_envelopes_row row;

		n = 0;
		while ((rc = stmt_verify_envelopes_next(&rows, &row, v->e)) == 1) {
			if (!moves_on(v, &after, row.envelope_id)) {
				db_rows_end(&rows);
				return end_check(v, -1, "the table envelope");
			}
			n++;
			if (!row.right)
				report(v, 0, RECOVER,
				    "the values of batch %lld were changed: their checksum is "
				    "wrong",
				    (long long)row.envelope_id);
		}
	} while (rc == 0 && n == STEP);
	return end_check(v, rc, "the table envelope");
}

/* ---- states ---------------------------------------------------------------------------------- */

static int
check_hash(struct verify *v, const struct stmt_verify_states_row *row)
{
	uint64_t key;
	int64_t id;
	int rc;

	if (!row->hashed || !v->has_secret)
		return 0;
	key = dedup_key_of(&v->secret, row->site_id, row->message_id);
	rc = dedup_levels_find(NULL, &v->db, key, row->site_id, row->message_id, &id, v->e);
	if (rc == 0)
		report(v, row->event_id, RECOVER,
		    "the hashes of messageIds lack event %lld: a repeat would be stored again",
		    (long long)row->event_id);
	return rc < 0 ? -1 : 0;
}

static int
check_state(struct verify *v, const struct stmt_verify_states_row *row)
{
	long long id = (long long)row->event_id;

	if (row->states == 0)
		report(v, row->event_id, RECOVER, "event %lld has no state: it is not sent", id);
	if (row->states > 1)
		report(v, row->event_id, RECOVER, "event %lld has %lld states", id,
		    (long long)row->states);
	if (!row->has_envelope)
		report(v, row->event_id, RECOVER, "event %lld lacks the values of its batch", id);
	if (!row->in_chunk)
		report(v, row->event_id, RECOVER,
		    "the texts of messageIds lack event %lld: the view messages does not find it",
		    id);
	return check_hash(v, row);
}

static int
check_states(struct verify *v)
{
	int64_t after = 0;
	int n, rc = dedup_secret(&v->db, &v->secret, v->e);

	v->has_secret = rc == 1;
	if (rc == 0)
		report(v, 0, RECOVER, "meta has no dedup_secret: repeats cannot be recognized");
	if (rc < 0)
		return end_check(v, -1, "the table meta");
	do {
		const struct stmt_verify_states in = { .after = after, .max = STEP };
		struct db_rows rows = stmt_verify_states(&v->db, &in, v->e);
		struct stmt_verify_states_row row;

		n = 0;
		while ((rc = stmt_verify_states_next(&rows, &row, v->e)) == 1) {
			n++;
			if (moves_on(v, &after, row.event_id) && check_state(v, &row) == 0)
				continue;
			db_rows_end(&rows);
			return end_check(v, -1, "the state of some events");
		}
	} while (rc == 0 && n == STEP);
	return end_check(v, rc, "the state of some events");
}

/* ---- what tables say of each other ----------------------------------------------------------- */

static int
check_spans(struct verify *v)
{
	struct db_rows rows = stmt_verify_overlaps(&v->db, v->e);
	struct stmt_verify_overlaps_row overlap;
	struct stmt_verify_span_attempts_row span;
	int rc;

	while ((rc = stmt_verify_overlaps_next(&rows, &overlap, v->e)) == 1)
		report(v, overlap.next, RECOVER, "spans of site %lld overlap from event %lld on",
		    (long long)overlap.site_id, (long long)overlap.next);
	if (rc < 0)
		return end_check(v, rc, "the table span");
	rows = stmt_verify_span_attempts(&v->db, v->e);
	while ((rc = stmt_verify_span_attempts_next(&rows, &span, v->e)) == 1)
		report(v, span.first_event_id, RECOVER,
		    "the span of events %lld to %lld names attempt %lld, which %.*s",
		    (long long)span.first_event_id, (long long)span.last_event_id,
		    (long long)span.attempt_id, span.outcome.p != NULL ? 15 : 16,
		    span.outcome.p != NULL ? "did not deliver" : "does not exist");
	return end_check(v, rc, "the attempts of spans");
}

static int
check_delivery(struct verify *v)
{
	struct db_rows rows = stmt_verify_deliveries(&v->db, v->e);
	struct stmt_verify_members_row member;
	int64_t id;
	int rc;

	while ((rc = stmt_verify_deliveries_next(&rows, &id, v->e)) == 1)
		report(
		    v, id, RECOVER, "delivery has event %lld, which does not exist", (long long)id);
	if (rc < 0)
		return end_check(v, rc, "the table delivery");
	rows = stmt_verify_members(&v->db, v->e);
	while ((rc = stmt_verify_members_next(&rows, &member, v->e)) == 1)
		report(v, member.event_id, RECOVER,
		    "attempt_event has event %lld in attempt %lld: one of them does not exist",
		    (long long)member.event_id, (long long)member.attempt_id);
	return end_check(v, rc, "the table attempt_event");
}

static int
check_counts(struct verify *v)
{
	struct db_rows rows = stmt_verify_counts(&v->db, v->e);
	struct stmt_verify_counts_row row;
	int rc;

	while ((rc = stmt_verify_counts_next(&rows, &row, v->e)) == 1)
		report(v, 0, RECOVER, "site %lld has %lld %.*s events, and site_count says %lld",
		    (long long)row.site_id, (long long)row.events, (int)row.status.n, row.status.p,
		    (long long)row.counted);
	return end_check(v, rc, "the counts");
}

/* A page of their text is nobody's but the views': no other check reads it. */
static int
check_views(struct verify *v)
{
	struct db_rows rows = stmt_verify_views(&v->db, v->e);
	struct slice name;
	int rc;

	while ((rc = stmt_verify_views_next(&rows, &name, v->e)) == 1)
		report(
		    v, 0, RECOVER, "the view %.*s is not as it was recorded", (int)name.n, name.p);
	return end_check(v, rc, "the text of the views");
}

/* ---- all of it ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(struct verify *v);
} checks[] = {
	{ "pages", check_pages },
	{ "contents", check_contents },
	{ "envelopes", check_envelopes },
	{ "states", check_states },
	{ "spans", check_spans },
	{ "delivery", check_delivery },
	{ "counts", check_counts },
	{ "views", check_views },
};

static int
run_checks(struct verify *v)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		v->check = checks[i].name;
		v->here = 0;
		if (checks[i].run(v) != 0)
			return -1;
		if (v->here > VERIFY_FINDINGS_MAX) {
			int64_t more = v->here - VERIFY_FINDINGS_MAX;

			v->here = 0;
			report(v, 0, RECOVER, "%lld more", (long long)more);
			v->findings--;
		}
	}
	return 0;
}

int
outbox_verify(const char *path, const struct verify_options *options, int64_t *ret_findings,
    int64_t *ret_events, struct err *e)
{
	struct verify v = { .path = path, .options = options, .check = "log", .e = e };
	int rc = check_log(&v);

	v.check = "file";
	if (rc == 0 && db_open(&v.db, path, DB_READ, e) != 0) {
		if (e->code == ERR_NOTFOUND)
			return -1;
		report(&v, 0, RECOVER, "%s", e->text);
	} else if (rc == 0) {
		if (migrate_check_version(&v.db, path, e) != 0)
			report(&v, 0, RECOVER, "%s", e->text);
		else
			rc = run_checks(&v);
		db_close(&v.db, NULL);
	}
	*ret_findings = v.findings;
	*ret_events = v.events;
	return rc;
}
