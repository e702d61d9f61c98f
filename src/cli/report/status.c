/*
 * Collects the status: counts, rates and forecasts from the database, whether the daemon answers,
 * and the sizes of the files. From these it makes the list of problems for which --check exits 1.
 */
#include "cli/report/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/plural.h"
#include "outbox/read/audit_box.h"
#include "report/forecast.h"
#include "term/when.h"
#include "tls/dates.h"

/* ---- problems ------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3)))
add_problem(struct status *s, const char *fmt, ...)
{
	va_list ap;

	if (s->n_problems == STATUS_MAX_PROBLEMS)
		return;
	va_start(ap, fmt);
	vsnprintf(s->problem[s->n_problems++], STATUS_PROBLEM_SIZE, fmt, ap);
	va_end(ap);
}

static void
check_daemon(struct status *s)
{
	switch (s->peer.state) {
	case PEER_UP:
		if (strcmp(s->peer.health, "ok") != 0)
			add_problem(s, "the daemon refuses events: %.200s", s->peer.health_text);
		return;
	case PEER_DOWN:
		add_problem(s, "the daemon is not running: start bentospool serve, or its service");
		return;
	case PEER_SILENT:
		add_problem(s, "the daemon does not answer: %.200s", s->peer.why);
		return;
	}
}

/* Reports only causes that affect every user, because the daemon's user may have more rights
 * than this one. */
static void
check_archive(struct status *s)
{
	int cause = config_try_archive(s->config);

	if (cause == ENOENT || cause == ENOTDIR || cause == EROFS)
		add_problem(s, "retention cannot write to its archive %.100s: %s: %s",
		    s->config->retention.archive, strerror(cause), config_archive_remedy(cause));
}

static void
check_site(struct status *s, const struct audit_site *site, const struct status_limits *limits)
{
	int64_t unready = site->unready_since == 0 ? 0 : s->now - site->unready_since;
	char age[WHEN_AGE_SIZE];

	if (site->pause_at != 0)
		add_problem(s, "site %s was paused by %s: bentospool resume --site %s", site->name,
		    site->pause_by, site->name);
	if (site->mode == OUTBOX_SITE_PAUSED)
		add_problem(s, "site %s is paused: %s", site->name, site->reason);
	if (site->mode == OUTBOX_SITE_BACKOFF && unready > limits->max_backoff) {
		when_age(unready, age);
		add_problem(s, "site %s has been backing off for %s: %.100s", site->name, age,
		    site->reason);
	}
	if (site->oldest_pending_id == 0 || s->now - site->oldest_pending_at <= limits->max_age)
		return;
	when_age(s->now - site->oldest_pending_at, age);
	add_problem(s, "site %s: event %lld has waited for %s", site->name,
	    (long long)site->oldest_pending_id, age);
}

static void
check_clock(struct status *s)
{
	if (s->now < CLOCK_FLOOR)
		add_problem(s,
		    "the clock of this machine is not set, so ages are not known: set it, or start "
		    "systemd-timesyncd, chrony or ntpd");
	if (s->clock_unset_events > 0)
		add_problem(s,
		    "the clock of this machine was not set when %lld event%s came: nothing is sent "
		    "until it is; set it, or start systemd-timesyncd, chrony or ntpd",
		    (long long)s->clock_unset_events, words_plural(s->clock_unset_events));
}

static void
check_troubled(struct status *s, const struct status_limits *limits)
{
	int64_t n = s->troubled.failed + s->troubled.held;
	char age[WHEN_AGE_SIZE];

	if (n <= limits->max_failed)
		return;
	when_age(s->now - limits->failed_since, age);
	add_problem(s,
	    "%s%lld event%s failed and %lld %s held within %s: bentospool errors, bentospool "
	    "list --status held",
	    n == STATUS_TROUBLED_MAX ? "at least " : "", (long long)s->troubled.failed,
	    words_plural(s->troubled.failed), (long long)s->troubled.held,
	    s->troubled.held == 1 ? "is" : "are", age);
}

static void
check_requests(struct status *s, const struct status_limits *limits)
{
	struct buf text;

	buf_init(&text, STATUS_PROBLEM_SIZE - 1);
	if (requests_report_problem(&s->requests, limits->max_refused, &text))
		add_problem(s, "%.*s", (int)text.n, text.p);
	buf_free(&text);
}

static void
check_certificate(
    struct status *s, const struct peer_certificate *c, const struct status_limits *limits)
{
	char text[TLS_DATES_TEXT];

	if (tls_dates_describe(&c->use, s->now, limits->min_certificate, text))
		add_problem(s, "%s: the certificate %s", c->listener, text);
	if (c->fault[0] != '\0')
		add_problem(
		    s, "%s: the new certificate is not used: %.200s", c->listener, c->fault);
}

/* ---- collecting ----------------------------------------------------------------------------- */

static int64_t
size_of(const char *path, const char *ending)
{
	char name[4096];
	struct stat st;

	if (snprintf(name, sizeof(name), "%s%s", path, ending) >= (int)sizeof(name)
	    || stat(name, &st) != 0)
		return 0;
	return st.st_size;
}

int
status_collect(struct status *s, struct outbox_audit *audit, const struct config *config,
    const struct status_limits *limits, struct err *e)
{
	s->config = config;
	s->now = clock_wall(&clock_system);
	if (outbox_audit_sites(audit, &s->sites, &s->n_sites, e) != 0)
		return -1;
	if (outbox_audit_unset(audit, &s->clock_unset_events, e) != 0
	    || outbox_audit_troubled(
		   audit, limits->failed_since, STATUS_TROUBLED_MAX, &s->troubled, e)
		   != 0
	    || outbox_audit_boxes(audit, &s->boxes, &s->n_boxes, e) != 0
	    || requests_report_read(audit, s->now, &s->requests, e) != 0
	    || forecast_sites(audit, config, s->now, s->sites, s->n_sites, &s->forecasts, e) != 0) {
		status_free(s);
		return -1;
	}
	s->database_bytes = size_of(config->database, "");
	s->wal_bytes = size_of(config->database, "-wal");
	s->free_bytes = outbox_audit_free(config->database);
	peer_look(config, &s->peer);
	if (config->host_lease > 0)
		s->host_is_here = lease_holder(config->database, s->host);
	check_daemon(s);
	check_archive(s);
	check_requests(s, limits);
	check_troubled(s, limits);
	check_clock(s);
	for (size_t i = 0; i < s->peer.n_certificates; i++)
		check_certificate(s, &s->peer.certificates[i], limits);
	for (size_t i = 0; i < s->n_sites; i++)
		check_site(s, &s->sites[i], limits);
	return 0;
}

void
status_free(struct status *s)
{
	free(s->sites);
	free(s->forecasts);
	free(s->boxes);
	s->sites = NULL;
	s->forecasts = NULL;
	s->boxes = NULL;
	s->n_boxes = 0;
	s->n_sites = 0;
}
