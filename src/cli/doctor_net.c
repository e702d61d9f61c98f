#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cli/doctor.h"
#include "cli/version.h"
#include "control/client.h"
#include "dispatch/inquiry.h"
#include "ingest/listen.h"

#define ASK_MS 15000
#define PING_MS 5000
#define SKEW_MS 120000 /* by which the clocks may differ */

/* ---- here ------------------------------------------------------------------------------------ */

static bool
daemon_runs(struct doctor *d)
{
	cJSON *ping = cJSON_CreateObject(), *answer;
	struct control_client *client;
	struct err e;
	int rc;

	cJSON_AddStringToObject(ping, "do", "ping");
	rc = control_client_open(d->config->control, &client, &e);
	if (rc == 0) {
		rc = control_client_call(client, ping, PING_MS, &answer, &e);
		control_client_close(client);
		if (rc == 0)
			cJSON_Delete(answer);
	}
	cJSON_Delete(ping);
	if (rc == 0)
		doctor_tell(d, DOCTOR_OK, "daemon", NULL, "it runs and answers");
	else if (e.code == ERR_NOTFOUND)
		doctor_tell(d, DOCTOR_OK, "daemon", NULL, "none runs");
	else
		doctor_tell(d, DOCTOR_PROBLEM, "daemon",
		    "run doctor as root or as the daemon's user; if that does not help, restart it",
		    "%s", e.text);
	return rc == 0 || e.code != ERR_NOTFOUND;
}

/* Bound for a moment and let go: what serve would meet. */
static void
check_listener(struct doctor *d, const char *text)
{
	struct listener l;
	struct err e;

	if (listener_open(text, &l, &e) != 0) {
		doctor_tell(d, DOCTOR_PROBLEM, "listen",
		    "end what uses it (ss -ltnp shows it), or listen elsewhere", "%s", e.text);
		return;
	}
	listener_close(&l);
	doctor_tell(d, DOCTOR_OK, "listen", NULL, "%s is free", text);
}

/* ---- at Bento -------------------------------------------------------------------------------- */

static void
judge_status(struct doctor *d, const struct config_site *s, const struct inquiry_result *r)
{
	if (r->status == 200)
		doctor_tell(d, DOCTOR_OK, "bento", NULL,
		    "site %s: the keys are right (%" PRId64 " ms)", s->name, r->took_ms);
	else if (r->status == 401 || r->status == 403)
		doctor_tell(d, DOCTOR_PROBLEM, "bento",
		    "compare site_uuid, publishable_key and the secret key with the Bento account",
		    "site %s: Bento refuses the keys (HTTP %d)", s->name, r->status);
	else if (r->status == 404)
		doctor_tell(d, DOCTOR_PROBLEM, "bento", "api_url ends with /api/v1",
		    "site %s: %s is not Bento's interface (HTTP 404)", s->name, s->api_url);
	else
		doctor_tell(d, DOCTOR_WARNING, "bento",
		    "try again later: events wait as long as it lasts",
		    "site %s: Bento is there and not well (HTTP %d)", s->name, r->status);
}

static void
judge_clock(struct doctor *d, const struct inquiry_result *r)
{
	int64_t ahead = r->asked_at - r->date;

	if (r->date == 0 || (ahead < SKEW_MS && ahead > -SKEW_MS))
		return;
	doctor_tell(d, DOCTOR_WARNING, "clock",
	    "set the clock, and let systemd-timesyncd, chrony or ntpd keep it right",
	    "it is %" PRId64 " s %s that of Bento: dates of events would be wrong",
	    (ahead > 0 ? ahead : -ahead) / 1000, ahead > 0 ? "ahead of" : "behind");
}

static void
judge_reach(struct doctor *d, const struct config_site *s, const struct inquiry_result *r)
{
	if (r->reach == INQUIRY_NO_NAME)
		doctor_tell(d, DOCTOR_PROBLEM, "bento",
		    "look at api_url, /etc/resolv.conf and the line", "site %s: %s", s->name,
		    r->error);
	else if (r->reach == INQUIRY_NO_TRUST)
		doctor_tell(d, DOCTOR_PROBLEM, "bento",
		    "install ca-certificates, set the clock, or name the proxy's authority with "
		    "ca_file",
		    "site %s: TLS: %s", s->name, r->error);
	else
		doctor_tell(d, DOCTOR_PROBLEM, "bento",
		    "let HTTPS out to that host, or wait for the line: events wait as well",
		    "site %s: %s", s->name, r->error);
}

static void
ask_bento(struct doctor *d, const struct config_site *s)
{
	const struct inquiry q = {
		.api_url = s->api_url,
		.site_uuid = s->site_uuid,
		.publishable_key = s->publishable_key,
		.secret_key = s->secret_key,
		.ca_file = s->ca_file,
		.user_agent = version_agent,
		.timeout_ms = ASK_MS,
	};
	struct inquiry_result r;
	struct err e;

	if (inquiry_ask(&q, &r, &e) != 0) {
		doctor_tell(d, DOCTOR_PROBLEM, "bento", "free memory", "%s", e.text);
		return;
	}
	if (r.reach != INQUIRY_ANSWERED) {
		judge_reach(d, s, &r);
		return;
	}
	judge_status(d, s, &r);
	judge_clock(d, &r);
}

void
doctor_net(struct doctor *d)
{
	bool runs = daemon_runs(d);

	for (size_t i = 0; !runs && i < d->config->ingest.listen.n; i++)
		check_listener(d, d->config->ingest.listen.item[i]);
	for (size_t i = 0; !d->offline && i < d->config->n_sites; i++)
		ask_bento(d, &d->config->sites[i]);
}
