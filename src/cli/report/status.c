/*
 * Collects the status: counts, rates and forecasts from the database, whether the daemon answers,
 * and the sizes of the files. From these it makes the list of problems for which --check exits 1.
 */
#include "cli/report/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "outbox/read/audit_box.h"
#include "report/forecast.h"
#include "report/listed.h"

static void
check_daemon(struct status *s)
{
	switch (s->peer.state) {
	case PEER_UP:
		if (strcmp(s->peer.health, "ok") != 0)
			needs_of_health(&s->needs, s->peer.health_text);
		return;
	case PEER_DOWN:
		needs_add(
		    &s->needs, "the daemon is not running: start bentospool serve, or its service");
		return;
	case PEER_SILENT:
		needs_add(&s->needs,
		    s->peer.is_denied ? "%.319s" : "the daemon does not answer: %.200s",
		    s->peer.why);
		return;
	}
}

static void
find_needs(struct status *s, const struct needs_limits *limits)
{
	struct needs *n = &s->needs;

	n->n = 0;
	check_daemon(s);
	needs_of_archive(n, s->config);
	needs_of_requests(n, &s->requests, limits);
	needs_of_troubled(n, &s->troubled, limits);
	needs_of_clock(n, s->clock_unset_events, limits);
	for (size_t i = 0; i < s->peer.n_certificates; i++) {
		const struct peer_certificate *c = &s->peer.certificates[i];

		needs_of_certificate(n, c->listener, &c->use, c->fault, limits);
	}
	for (size_t i = 0; i < s->n_sites; i++)
		needs_of_site(n, &s->sites[i], limits);
	needs_of_boxes(n,
	    &(struct boxes_seen){ s->config, s->sites, s->n_sites, s->boxes, s->n_boxes }, limits);
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
    const struct needs_limits *limits, struct err *e)
{
	s->config = config;
	s->now = limits->now;
	if (outbox_audit_sites(audit, &s->sites, &s->n_sites, e) != 0)
		return -1;
	if (outbox_audit_unset(audit, &s->clock_unset_events, e) != 0
	    || outbox_audit_troubled(
		   audit, limits->failed_since, NEEDS_TROUBLED_MAX, &s->troubled, e)
		   != 0
	    || outbox_audit_boxes(audit, &s->boxes, &s->n_boxes, e) != 0
	    || listed_add_unseen(config, s->sites, s->n_sites, &s->boxes, &s->n_boxes, e) != 0
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
	find_needs(s, limits);
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
