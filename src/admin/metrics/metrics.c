/*
 * One scrape: reads the sites from the database, the counters from memory, and the sizes of files
 * from the file system. Fails only without memory.
 */
#include "admin/metrics/metrics.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "admin/metrics/metrics_private.h"
#include "admin/metrics/process.h"
#include "base/version.h"
#include "outbox/meters.h"
#include "outbox/read/audit_box.h"
#include "outbox/write/requests.h"
#include "tls/meter.h"

/* ---- requests to ingest, and to this listener -------------------------------------------------
 */

/* The words are values of the label. */
static void
expose_words(const struct scrape *s, const struct metric *metric, const char *label,
    const struct word_counts *counts)
{
	size_t n = word_counts_n(counts);
	uint64_t count;

	exposition_begin(s->x, metric);
	for (size_t i = 0; i < n; i++) {
		const char *word = word_counts_read(counts, i, &count);

		if (!slice_equals(slice_from(word), SLICE(OUTBOX_REQUESTS_ACCEPTED)))
			exposition_count(s->x, &(struct label){ label, word }, 1, count);
	}
}

static void
expose_accepted(const struct scrape *s)
{
	static const struct metric accepted = { "bentospool_requests_accepted_total",
		METRIC_COUNTER, NULL, "Requests with events that were accepted since the start." };
	const struct word_counts *counts = s->admin->o.requests;
	size_t n = word_counts_n(counts);
	uint64_t count, found = 0;

	for (size_t i = 0; i < n; i++)
		if (slice_equals(slice_from(word_counts_read(counts, i, &count)),
			SLICE(OUTBOX_REQUESTS_ACCEPTED)))
			found = count;
	exposition_single(s->x, &accepted, found);
}

static void
expose_requests(const struct scrape *s)
{
	static const struct metric refused = { "bentospool_requests_refused_total", METRIC_COUNTER,
		NULL, "Requests that were refused since the start." };
	static const struct metric admin = { "bentospool_admin_requests_refused_total",
		METRIC_COUNTER, NULL,
		"Requests to the admin listener that were refused since the start." };
	static const struct metric logins = { "bentospool_admin_logins_total", METRIC_COUNTER, NULL,
		"Logins on the dashboard since the start, by what the token permits." };
	static const struct metric acts = { "bentospool_admin_acts_total", METRIC_COUNTER, NULL,
		"Changes made through the dashboard since the start." };

	expose_accepted(s);
	expose_words(s, &refused, "reason", s->admin->o.requests);
	expose_words(s, &admin, "reason", &s->admin->refused);
	expose_words(s, &logins, "permission", &s->admin->logins);
	expose_words(s, &acts, "verb", &s->admin->acts);
}

/* ---- certificates ----------------------------------------------------------------------------
 */

static void
expose_of_certificates(
    const struct scrape *s, const struct metric *metric, uint64_t (*read)(const struct tls_meter *))
{
	exposition_begin(s->x, metric);
	for (size_t i = 0; i < s->admin->o.n_certificates; i++) {
		const struct tls_meter *m = s->admin->o.certificates[i];

		if (m != NULL && atomic_load(&m->not_after) != 0)
			exposition_count(
			    s->x, &(struct label){ "listener", m->listener }, 1, read(m));
	}
}

static uint64_t
read_begin(const struct tls_meter *m)
{
	return (uint64_t)(atomic_load(&m->not_before) / 1000);
}

static uint64_t
read_end(const struct tls_meter *m)
{
	return (uint64_t)(atomic_load(&m->not_after) / 1000);
}

static uint64_t
read_refused(const struct tls_meter *m)
{
	return atomic_load(&m->new_is_refused);
}

static void
expose_certificates(const struct scrape *s)
{
	static const struct metric begins = { "bentospool_certificate_begin_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the certificate of a TLS listener, or of a site as a client, began." };
	static const struct metric ends = { "bentospool_certificate_end_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the certificate of a TLS listener, or of a site as a client, ends." };
	static const struct metric refused = { "bentospool_certificate_new_refused", METRIC_GAUGE,
		NULL, "Whether newer certificate files are there and cannot be used." };

	expose_of_certificates(s, &begins, read_begin);
	expose_of_certificates(s, &ends, read_end);
	expose_of_certificates(s, &refused, read_refused);
}

/* ---- the outbox -------------------------------------------------------------------------------
 */

static void
expose_one_histogram(const struct scrape *s, const struct metric *metric, const struct histogram *h,
    const struct histogram_bounds *bounds)
{
	struct histogram_view view;

	histogram_read(h, bounds, &view);
	exposition_begin(s->x, metric);
	exposition_histogram(s->x, &view);
}

static void
expose_histograms(const struct scrape *s)
{
	static const struct metric commit = { "bentospool_commit_duration_seconds",
		METRIC_HISTOGRAM, "seconds",
		"How long a transaction of the writer took, with its sync." };
	static const struct metric attempt = { "bentospool_attempt_duration_seconds",
		METRIC_HISTOGRAM, "seconds", "How long a request to Bento took." };
	static const struct metric delivery = { "bentospool_delivery_latency_seconds",
		METRIC_HISTOGRAM, "seconds",
		"Time from the receipt of an event to Bento's answer that delivered it." };
	const struct meters *m = outbox_meters(s->admin->o.outbox);

	expose_one_histogram(s, &commit, &m->commit, &meters_commit_bounds);
	expose_one_histogram(s, &attempt, &m->attempt, &meters_attempt_bounds);
	expose_one_histogram(s, &delivery, &m->delivery, &meters_delivery_bounds);
}

static void
expose_duplicates(const struct scrape *s)
{
	static const struct metric duplicates = { "bentospool_events_duplicate_total",
		METRIC_COUNTER, NULL,
		"Events that were received again since the start, and not stored again." };
	struct outbox_counters counters;

	outbox_counters(s->admin->o.outbox, &counters);
	exposition_single(s->x, &duplicates, counters.duplicates);
}

static void
expose_file(const struct scrape *s, const struct metric *metric, const char *ending)
{
	struct stat st = { 0 };
	struct buf path;

	buf_init(&path, 8192);
	buf_printf(&path, "%s%s", s->admin->database, ending);
	/* Without the file there are no bytes. */
	if (!path.failed && stat(path.p, &st) != 0)
		st.st_size = 0;
	s->x->to->failed |= path.failed;
	buf_free(&path);
	exposition_single(s->x, metric, (uint64_t)st.st_size);
}

static void
expose_storage(const struct scrape *s)
{
	static const struct metric ok = { "bentospool_storage_ok", METRIC_GAUGE, NULL,
		"1 while events are accepted; 0 while the storage refuses them." };
	static const struct metric database = { "bentospool_database_bytes", METRIC_GAUGE, "bytes",
		"Size of the database file." };
	static const struct metric wal = { "bentospool_wal_bytes", METRIC_GAUGE, "bytes",
		"Size of the write-ahead log." };
	static const struct metric space = { "bentospool_disk_free_bytes", METRIC_GAUGE, "bytes",
		"Free space beside the database." };
	static const struct metric least = { "bentospool_disk_min_free_bytes", METRIC_GAUGE,
		"bytes", "Free space below which new events are refused: the setting min_free." };
	uint64_t free_bytes = outbox_audit_free(s->admin->database);

	exposition_single(s->x, &ok, outbox_health(s->admin->o.outbox) == OUTBOX_OK);
	expose_file(s, &database, "");
	expose_file(s, &wal, "-wal");
	if (free_bytes != UINT64_MAX)
		exposition_single(s->x, &space, free_bytes);
	exposition_single(s->x, &least, s->admin->o.min_free_bytes);
}

/* ---- the daemon -------------------------------------------------------------------------------
 */

static void
expose_daemon(const struct scrape *s)
{
	static const struct metric build = { "bentospool_build_info", METRIC_INFO, NULL,
		"Versions of bentospool and of the SQLite library." };
	static const struct metric successful = { "bentospool_config_last_reload_successful",
		METRIC_GAUGE, NULL,
		"1 when the last reload of the configuration was done; 0 when it was refused." };
	static const struct metric reloaded = {
		"bentospool_config_last_reload_success_timestamp_seconds", METRIC_GAUGE, "seconds",
		"When the configuration in force was loaded."
	};
	const struct label labels[] = {
		{ "version", VERSION_NUMBER },
		{ "sqlite", outbox_audit_library() },
	};

	exposition_begin(s->x, &build);
	exposition_count(s->x, labels, 2, 1);
	exposition_single(s->x, &successful, !atomic_load(&s->admin->reload_failed));
	exposition_begin(s->x, &reloaded);
	exposition_micros(s->x, NULL, 0, atomic_load(&s->admin->reloaded_ms) * 1000);
	process_expose(s->x, s->admin->started_ms);
}

static void
expose_readable(const struct scrape *s, bool readable)
{
	static const struct metric metric = {
		"bentospool_database_readable", METRIC_GAUGE, NULL,
		"1 when this scrape could read the database; 0: the metrics of sites are missing."
	};

	exposition_single(s->x, &metric, readable);
}

void
metrics_get(const struct admin_request *r, struct admin_reply *reply)
{
	struct exposition x = { .to = &reply->body, .openmetrics = r->openmetrics };
	struct scrape s = { .admin = r->admin, .x = &x };
	struct audit_site *sites = NULL;
	struct audit_box *boxes = NULL;
	size_t n_boxes = 0;
	struct outbox_audit *audit;
	struct err e;
	bool readable;

	reply->type = exposition_type(r->openmetrics);
	audit = admin_audit(r->admin, &e);
	readable = audit != NULL && outbox_audit_gauges(audit, &sites, &s.n_sites, &e) == 0
		   && outbox_audit_boxes(audit, &boxes, &n_boxes, &e) == 0;
	s.sites = sites;
	if (readable) {
		metrics_expose_sites(&s);
		metrics_expose_boxes(&s, admin_config(r->admin), boxes, n_boxes);
	} else {
		admin_audit_failed(r->admin, &e);
	}
	free(sites);
	free(boxes);
	expose_duplicates(&s);
	expose_requests(&s);
	expose_certificates(&s);
	expose_histograms(&s);
	expose_storage(&s);
	expose_readable(&s, readable);
	expose_daemon(&s);
	exposition_end(&x);
}
