/*
 * Checks the daemon. When the daemon runs, asks each listener for its health; otherwise binds each
 * address for a moment, to find what would prevent serve from listening.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/version.h"
#include "cli/doctor/doctor.h"
#include "client/control_client.h"
#include "dispatch/transport/inquiry.h"
#include "http/listen.h"

#define PING_MS 5000
#define WAL_NAME_MAX 4096

/* A writer that stops cleanly leaves the write-ahead log empty. */
static bool
log_remains(const char *database)
{
	char wal[WAL_NAME_MAX];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", database);
	return stat(wal, &st) == 0 && st.st_size > 0;
}

/* What the daemon says of its storage: the text names the remedy, too. */
static void
check_storage(struct doctor *d, const cJSON *answer)
{
	const char *text =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "health_text"));

	if (text != NULL && text[0] != '\0')
		doctor_report(d, DOCTOR_PROBLEM, "storage",
		    "the daemon goes on automatically, unless it asks for a restart", "%s", text);
}

static bool
daemon_runs(struct doctor *d)
{
	cJSON *answer = NULL;
	struct err e;
	int rc;

	rc = control_client_ask(d->config->control, control_request("ping"), PING_MS, &answer, &e);
	if (rc == 0) {
		doctor_report(d, DOCTOR_OK, "daemon", NULL, "running, and answers");
		check_storage(d, answer);
		doctor_certificates(d, answer);
	}
	cJSON_Delete(answer);
	if (rc != 0 && e.code == ERR_NOTFOUND)
		doctor_report(d, DOCTOR_OK, "daemon", NULL, "not running%s",
		    log_remains(d->config->database)
			? "; the last one did not stop cleanly: no event is lost, the next start "
			  "reads the remaining log"
			: "");
	else if (rc != 0)
		doctor_report(d, DOCTOR_PROBLEM, "daemon",
		    "run doctor as root or as the daemon's user; if that does not help, restart "
		    "the "
		    "daemon",
		    "%s", e.text);
	return rc == 0 || e.code != ERR_NOTFOUND;
}

static const char *
remedy_of_listener(const char *text, enum err_code code)
{
	bool is_unix = strncmp(text, "unix:", 5) == 0;

	if (code == ERR_BUSY)
		return is_unix ? "stop the program that uses it (see ss -lxp), or change listen"
			       : "stop the program that uses it (see ss -ltnp), or change listen";
	if (code == ERR_NOTFOUND)
		return is_unix
			   ? "create the directory, owned by the user that runs bentospool"
			   : "listen on an address that `ip address` shows, on 127.0.0.1, or on "
			     "0.0.0.0 for all";
	if (code == ERR_STATE)
		return is_unix
			   ? "run doctor as the user that runs bentospool; if you did, make that "
			     "user the owner of the socket's directory"
			   : "listen on port 1024 or above, or give the unit "
			     "AmbientCapabilities=CAP_NET_BIND_SERVICE (doctor needs the same "
			     "capability)";
	if (code == ERR_INPUT)
		return "change listen, or remove the file that is in the way";
	return "change listen";
}

/* Binds the address for a moment, as serve would. */
static void
check_listener(struct doctor *d, const char *text)
{
	struct listener l;
	struct err e;

	if (listener_open(text, &l, &e) != 0) {
		doctor_report(
		    d, DOCTOR_PROBLEM, "listen", remedy_of_listener(text, e.code), "%s", e.text);
		return;
	}
	listener_close(&l);
	doctor_report(d, DOCTOR_OK, "listen", NULL, "%s is free", text);
}

/* serves: what a healthy listener does. */
static void
check_health(struct doctor *d, const char *text, const char *serves, const struct inquiry_result *r)
{
	if (r->reach != INQUIRY_ANSWERED)
		doctor_report(d, DOCTOR_PROBLEM, "health",
		    "restart the daemon, so that it listens as configured", "%s: %s", text,
		    r->error);
	else if (r->status == 200)
		doctor_report(d, DOCTOR_OK, "health", NULL, "%s %s (%" PRId64 " ms)", text, serves,
		    r->took_ms);
	else if (r->status == 503)
		doctor_report(d, DOCTOR_PROBLEM, "health",
		    "see bentospool status for what is wrong with the storage",
		    "%s refuses events, because they cannot be stored (HTTP 503)", text);
	else
		doctor_report(d, DOCTOR_PROBLEM, "health",
		    "find the program that listens there with ss -ltnp: it is not bentospool",
		    "%s answers GET /healthz with HTTP %d", text, r->status);
}

/* Returns false for port 0: it becomes another port at each start, so doctor cannot ask it. */
static bool
has_a_port(const struct listen_address *a)
{
	const struct sockaddr_in *in = (const void *)&a->sockaddr;
	const struct sockaddr_in6 *in6 = (const void *)&a->sockaddr;

	return (a->sockaddr.ss_family == AF_INET ? in->sin_port : in6->sin6_port) != 0;
}

static void
ask_health(struct doctor *d, const char *text, const struct config_tls *tls, const char *serves)
{
	char url[LISTEN_TEXT_MAX + 32] = "http://localhost/healthz";
	const char *unix_path = NULL;
	struct listen_address a;
	struct inquiry_result r;
	struct err e;

	if (listen_parse(text, &a, &e) != 0)
		return;
	if (a.is_tls && tls->client_ca_file[0] != '\0') {
		doctor_report(d, DOCTOR_OK, "health", NULL,
		    "%s is not asked: it wants a certificate of the client", text);
		return;
	}
	if (a.sockaddr.ss_family == AF_UNIX)
		unix_path = text + strlen("unix:");
	else if (has_a_port(&a))
		snprintf(url, sizeof(url), "%s://%s/healthz", a.is_tls ? "https" : "http",
		    a.is_tls ? text + strlen("tls:") : text);
	else
		return;
	if (inquiry_ask_open(url, unix_path, VERSION_AGENT, PING_MS, &r, &e) != 0)
		doctor_report(d, DOCTOR_PROBLEM, "health", "free memory", "%s", e.text);
	else
		check_health(d, text, serves, &r);
}

/* What people can do on the dashboard, and which settings would permit more. */
static void
look_at_dashboard(struct doctor *d)
{
	const struct config_admin *a = &d->config->admin;

	if (a->listen.n == 0)
		return;
	if (a->read_token_file[0] == '\0' && a->act_token_file[0] == '\0')
		doctor_report(d, DOCTOR_NOTE, "dashboard",
		    "to see events there, set read_token_file in the section admin; to change "
		    "them, "
		    "act_token_file",
		    "without a token it shows numbers only");
	else
		doctor_report(d, DOCTOR_OK, "dashboard", NULL,
		    a->act_token_file[0] == '\0'
			? "people with the token of read_token_file can view events there; nobody "
			  "can change them"
			: "people with the token of act_token_file can change "
			  "events and sites there");
}

/* Asks for the page where a proxy serves it. Another network may have another answer. */
static void
look_at_public_url(struct doctor *d, const char *address)
{
	char url[512];
	struct inquiry_result r;
	struct err e;

	snprintf(url, sizeof(url), "%s/api/session", address);
	if (inquiry_ask_open(url, NULL, VERSION_AGENT, PING_MS, &r, &e) != 0)
		doctor_report(d, DOCTOR_PROBLEM, "dashboard", "free memory", "%s", e.text);
	else if (r.reach != INQUIRY_ANSWERED)
		doctor_report(d, DOCTOR_NOTE, "dashboard",
		    "start the proxy; or correct public_url, unless only other machines can reach "
		    "it",
		    "%s cannot be reached from this machine: %s", address, r.error);
	else if (r.status != 200 || strstr(r.answer, "\"may_read\"") == NULL)
		doctor_report(d, DOCTOR_WARNING, "dashboard",
		    "let the proxy pass all paths to the address in listen of the section admin",
		    "%s is not the dashboard: /api/session answers with HTTP %d", address,
		    r.status);
	else
		doctor_report(d, DOCTOR_OK, "dashboard", NULL, "served at %s (%" PRId64 " ms)",
		    address, r.took_ms);
}

static void
look_at_listeners(struct doctor *d, const struct config_list *listen, const struct config_tls *tls,
    const char *serves, bool runs)
{
	for (size_t i = 0; i < listen->n; i++)
		if (runs)
			ask_health(d, listen->item[i], tls, serves);
		else
			check_listener(d, listen->item[i]);
}

void
doctor_network(struct doctor *d)
{
	const struct config *c = d->config;
	bool runs = daemon_runs(d);

	if (!runs && !d->refused)
		doctor_certificates(d, NULL);
	if (d->refused)
		return;
	look_at_listeners(d, &c->ingest.listen, &c->ingest.tls, "accepts events", runs);
	look_at_listeners(d, &c->admin.listen, &c->admin.tls, "serves the dashboard", runs);
	look_at_dashboard(d);
	for (size_t i = 0; runs && i < c->admin.public_url.n; i++)
		look_at_public_url(d, c->admin.public_url.item[i]);
}
