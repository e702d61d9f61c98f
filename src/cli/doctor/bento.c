/*
 * Checks the way to Bento, or to a central spooler: the host's name in DNS, its certificate, and
 * the keys of each site, with a request that changes nothing. A host that several sites share is
 * looked up once.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/isotime.h"
#include "base/version.h"
#include "cli/doctor/doctor.h"
#include "dispatch/transport/inquiry.h"
#include "term/when.h"
#include "tls/context.h"

#define ASK_MS 15000
#define SKEW_MS 120000 /* the largest acceptable difference between the clocks */
#define CERTIFICATE_MS (INT64_C(14) * 86400000) /* warn when a certificate ends sooner */

/* The findings on the way to one site's Bento. */
struct visit {
	struct inquiry_place place;
	const char *ca_file;
	const char *client_certificate_file;
	bool named;               /* the name was found, or a proxy may find it */
	bool certificate_checked; /* the certificate was checked and the result reported */
};

static bool
forwards(const struct config_site *s)
{
	return s->upstream[0] != '\0';
}

static const char *
url_of(const struct config_site *s)
{
	return forwards(s) ? s->upstream : s->api_url;
}

/* ---- the name -------------------------------------------------------------------------------- */

static bool
is_address(const char *host)
{
	struct in6_addr in6;
	struct in_addr in;

	return inet_pton(AF_INET, host, &in) == 1 || inet_pton(AF_INET6, host, &in6) == 1;
}

static bool
proxy_is_set(void)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "http_proxy",
		"all_proxy", "ALL_PROXY" };
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return true;
	}
	return false;
}

/* Returns whether to try a connection. */
static bool
look_up(struct doctor *d, const char *host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	int64_t before = clock_mono(&clock_system);
	struct addrinfo *list;
	int n = 0, rc = getaddrinfo(host, NULL, &hints, &list);

	if (rc == 0) {
		for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
			n++;
		freeaddrinfo(list);
		doctor_report(d, DOCTOR_OK, "dns", NULL, "%s has %d address%s (%" PRId64 " ms)",
		    host, n, n == 1 ? "" : "es", clock_mono(&clock_system) - before);
		return true;
	}
	if (proxy_is_set()) {
		doctor_report(d, DOCTOR_NOTE, "dns", "do nothing if the proxy can resolve the name",
		    "%s is not found here: %s", host, gai_strerror(rc));
		return true;
	}
	doctor_report(d, DOCTOR_PROBLEM, "dns",
	    "check api_url or upstream, /etc/resolv.conf and the network", "%s is not found: %s",
	    host, gai_strerror(rc));
	return false;
}

/* ---- the certificate ------------------------------------------------------------------------- */

static void
report_certificate(struct doctor *d, const char *host, const struct inquiry_result *r)
{
	char until[ISOTIME_SIZE];

	isotime_format(r->certificate_end, until);
	until[10] = '\0';
	if (r->reach == INQUIRY_NO_TRUST && r->refusal != NULL)
		doctor_report(d, DOCTOR_PROBLEM, "tls",
		    "set client_certificate_file and client_private_key_file to a certificate of "
		    "an authority that the server names in its client_ca_file",
		    "%s: %s: %s", host, r->refusal, r->error);
	else if (r->reach == INQUIRY_NO_TRUST)
		doctor_report(d, DOCTOR_PROBLEM, "tls",
		    "install ca-certificates, set the clock, or name the proxy's authority with "
		    "ca_file",
		    "%s: %s", host, r->error);
	else if (r->certificate_end == 0)
		doctor_report(d, DOCTOR_OK, "tls", NULL, "the certificate of %s is trusted", host);
	else if (r->certificate_end - r->asked_at < CERTIFICATE_MS)
		doctor_report(d, DOCTOR_WARNING, "tls",
		    "ask the owner of the host to renew it; renew the certificate of your own "
		    "proxy yourself",
		    "the certificate of %s expires on %s: nothing is sent after that", host, until);
	else
		doctor_report(d, DOCTOR_OK, "tls", NULL, "the certificate of %s is valid until %s",
		    host, until);
}

static bool
same_trust(const struct visit *a, const struct visit *b)
{
	return strcmp(a->place.host, b->place.host) == 0 && a->place.port == b->place.port
	       && strcmp(a->ca_file, b->ca_file) == 0
	       && strcmp(a->client_certificate_file, b->client_certificate_file) == 0;
}

/* Reports once for each host and authority, if the connection got as far as TLS. */
static void
check_certificate(struct doctor *d, struct visit *visits, size_t i, const struct inquiry_result *r)
{
	struct visit *v = &visits[i];

	if (!v->place.tls || (r->reach != INQUIRY_NO_TRUST && r->reach != INQUIRY_ANSWERED))
		return;
	v->certificate_checked = true;
	for (size_t j = 0; j < i; j++)
		if (visits[j].certificate_checked && same_trust(&visits[j], v))
			return;
	report_certificate(d, v->place.host, r);
}

/* ---- the keys -------------------------------------------------------------------------------- */

static void
check_status(struct doctor *d, const struct config_site *s, const struct inquiry_result *r)
{
	if (r->status == 200)
		doctor_report(d, DOCTOR_OK, "bento", NULL,
		    "site %s: Bento accepts the keys (%" PRId64 " ms)", s->name, r->took_ms);
	else if (r->status == 401 || r->status == 403)
		doctor_report(d, DOCTOR_PROBLEM, "bento",
		    "compare site_uuid, publishable_key and the secret key with the Bento account",
		    "site %s: Bento rejects the keys (HTTP %d%s%s)", s->name, r->status,
		    r->answer[0] == '\0' ? "" : ": ", r->answer);
	else if (r->status == 404)
		doctor_report(d, DOCTOR_PROBLEM, "bento", "correct api_url: it ends in /api/v1",
		    "site %s: %s is not Bento's API (HTTP 404)", s->name, s->api_url);
	else
		doctor_report(d, DOCTOR_WARNING, "bento",
		    "try again later: events wait until Bento recovers",
		    "site %s: Bento answers with an error (HTTP %d%s%s)", s->name, r->status,
		    r->answer[0] == '\0' ? "" : ": ", r->answer);
}

static void
check_center_status(struct doctor *d, const struct config_site *s, const struct inquiry_result *r)
{
	if (r->status == 200)
		doctor_report(d, DOCTOR_OK, "upstream", NULL,
		    "site %s: the central spooler accepts this box's key (%" PRId64 " ms)", s->name,
		    r->took_ms);
	else if (r->status == 401)
		doctor_report(d, DOCTOR_PROBLEM, "upstream",
		    "compare upstream_key with boxes_file at the central spooler, and reload it",
		    "site %s: the central spooler lists no box with this key", s->name);
	else if (r->status == 503)
		doctor_report(d, DOCTOR_WARNING, "upstream",
		    "try again later: events wait until the central spooler takes them",
		    "site %s: the central spooler is busy or stopping (HTTP 503)", s->name);
	else
		doctor_report(d, DOCTOR_PROBLEM, "upstream",
		    "correct upstream: it is https://HOST:PORT of a listener of the central "
		    "spooler",
		    "site %s: %s is not a central spooler (HTTP %d)", s->name, s->upstream,
		    r->status);
}

static void
check_clock(struct doctor *d, const struct inquiry_result *r)
{
	int64_t ahead = r->asked_at - r->date;
	char age[WHEN_AGE_SIZE];

	if (r->date == 0 || (ahead < SKEW_MS && ahead > -SKEW_MS))
		return;
	when_age(ahead > 0 ? ahead : -ahead, age);
	doctor_report(d, DOCTOR_WARNING, "clock",
	    "set the clock, and keep it right with systemd-timesyncd, chrony or ntpd",
	    "the clock is %s %s the server's: dates of events would be wrong", age,
	    ahead > 0 ? "ahead of" : "behind");
}

static void
report_not_asked(struct doctor *d, const struct config_site *s, const char *what)
{
	doctor_report(d, DOCTOR_NOTE, "bento", "fix that problem first",
	    "site %s: the keys were not checked, because of the problem with %s", s->name, what);
}

static void
check_result(struct doctor *d, const struct config_site *s, const struct inquiry_result *r)
{
	switch (r->reach) {
	case INQUIRY_NO_TRUST:
		report_not_asked(d, s, "tls");
		return;
	case INQUIRY_NO_NAME:
	case INQUIRY_NO_ANSWER:
		doctor_report(d, DOCTOR_PROBLEM, "bento",
		    "allow HTTPS to that host, or wait until the network is back: events wait, too",
		    "site %s: %s", s->name, r->error);
		return;
	case INQUIRY_ANSWERED:
		if (forwards(s))
			check_center_status(d, s, r);
		else
			check_status(d, s, r);
		check_clock(d, r);
		return;
	}
}

/* ---- the sites ------------------------------------------------------------------------------- */

static int
ask(const struct config_site *s, struct inquiry_result *ret_result, struct err *e)
{
	const struct inquiry q = {
		.api_url = url_of(s),
		.center = forwards(s),
		.site_uuid = s->site_uuid,
		.publishable_key = forwards(s) ? "box" : s->publishable_key,
		.secret_key = forwards(s) ? s->upstream_key : s->secret_key,
		.ca_file = s->ca_file,
		.client_certificate = tls_context_client_certificate(s->client_tls),
		.client_private_key = tls_context_client_key(s->client_tls),
		.user_agent = VERSION_AGENT,
		.timeout_ms = ASK_MS,
	};

	return inquiry_ask(&q, ret_result, e);
}

/* Returns whether the host's name was found. Each name is looked up only once. */
static bool
is_named(struct doctor *d, const struct visit *visits, size_t i)
{
	const char *host = visits[i].place.host;

	if (is_address(host))
		return true;
	for (size_t j = 0; j < i; j++)
		if (strcmp(visits[j].place.host, host) == 0)
			return visits[j].named;
	return look_up(d, host);
}

static int
visit(struct doctor *d, struct visit *visits, size_t i, struct err *e)
{
	const struct config_site *s = &d->config->sites[i];
	struct visit *v = &visits[i];
	struct inquiry_result r;

	v->ca_file = s->ca_file;
	v->client_certificate_file = s->client_certificate_file;
	if (inquiry_find_place(url_of(s), &v->place, e) != 0)
		return -1;
	v->named = is_named(d, visits, i);
	if (!v->named) {
		report_not_asked(d, s, "dns");
		return 0;
	}
	if (ask(s, &r, e) != 0)
		return -1;
	check_certificate(d, visits, i, &r);
	check_result(d, s, &r);
	return 0;
}

void
doctor_bento(struct doctor *d)
{
	struct visit *visits = calloc(d->config->n_sites + 1, sizeof(*visits));
	struct err e;

	if (visits == NULL)
		return;
	for (size_t i = 0; i < d->config->n_sites; i++)
		if (visit(d, visits, i, &e) != 0)
			doctor_report(d, DOCTOR_PROBLEM, "bento", "check api_url, or free memory",
			    "site %s: %s", d->config->sites[i].name, e.text);
	free(visits);
}
