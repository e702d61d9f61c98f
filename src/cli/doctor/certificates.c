/* Checks the certificates of TLS listeners and of sites as clients: their dates, and whether the
 * daemon uses what the files hold. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/isotime.h"
#include "cli/doctor/doctor.h"
#include "client/peer.h"
#include "config/keys/tls_files.h"
#include "tls/context.h"
#include "tls/dates.h"

#define DAY_MS INT64_C(86400000)

static void
check_dates(struct doctor *d, const char *listener, const struct tls_certificate *t)
{
	int64_t now = clock_wall(&clock_system), soon = d->config->ingest.certificate_days * DAY_MS;
	char text[TLS_DATES_TEXT], end[ISOTIME_SIZE];
	bool valid = !tls_dates_describe(t, now, 0, text);

	isotime_format(t->not_after, end);
	if (!tls_dates_describe(t, now, soon, text))
		doctor_report(d, DOCTOR_OK, "certificate", NULL, "%s: that of %s is valid until %s",
		    listener, t->name, end);
	else
		doctor_report(d, valid ? DOCTOR_WARNING : DOCTOR_PROBLEM, "certificate",
		    "renew it; the daemon reads the new files within seconds", "%s: that of %s %s",
		    listener, t->name, text);
}

static void
check_files(struct doctor *d, const struct tls_section *s)
{
	struct tls_context *context;
	struct err e;

	if (!tls_files_are_needed(s->listen))
		return;
	if (tls_files_open(s->tls, &context, &e) != 0) {
		doctor_report(d, DOCTOR_PROBLEM, "certificate", "correct the file", "%s: %s",
		    s->name, e.text);
		return;
	}
	check_dates(d, s->name, tls_context_certificate(context));
	tls_context_free(context);
}

static void
check_client(struct doctor *d, const struct config_site *site)
{
	char name[DOCTOR_TEXT / 2];

	if (site->client_tls == NULL)
		return;
	snprintf(name, sizeof(name), "site %s", site->name);
	check_dates(d, name, tls_context_certificate(site->client_tls));
}

void
doctor_certificates(struct doctor *d, const cJSON *answer)
{
	struct peer peer = { .n_certificates = 0 };

	for (size_t i = 0; answer == NULL && i < TLS_FILES_SECTIONS; i++) {
		struct tls_section s = tls_files_section(d->config, i);

		check_files(d, &s);
	}
	for (size_t i = 0; answer == NULL && i < d->config->n_sites; i++)
		check_client(d, &d->config->sites[i]);
	if (answer != NULL)
		peer_read_certificates(answer, &peer);
	for (size_t i = 0; i < peer.n_certificates; i++) {
		const struct peer_certificate *c = &peer.certificates[i];

		check_dates(d, c->listener, &c->use);
		if (c->fault[0] != '\0')
			doctor_report(d, DOCTOR_PROBLEM, "certificate",
			    "correct the file; the daemon tries it again within a minute",
			    "%s: the new one is not used: %s", c->listener, c->fault);
	}
}
