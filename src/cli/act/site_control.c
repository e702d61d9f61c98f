/* pause, resume, flush: through the daemon, or without one as the writer. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/verbs.h"
#include "client/control_client.h"
#include "client/offline.h"
#include "client/site_control.h"
#include "outbox/read/audit.h"

#define ANSWER_TIMEOUT_MS 60000

static cJSON *
make_request(const struct outbox_site_control *site_control)
{
	cJSON *request = cJSON_CreateObject();

	cJSON_AddStringToObject(request, "do", "site_control");
	cJSON_AddStringToObject(request, "verb", site_control_verb_name(site_control->verb));
	if (site_control->site != NULL)
		cJSON_AddStringToObject(request, "site", site_control->site);
	if (site_control->note != NULL)
		cJSON_AddStringToObject(request, "note", site_control->note);
	return request;
}

static int
call(struct control_client *client, struct outbox_site_control *site_control, struct err *e)
{
	cJSON *request = make_request(site_control), *answer;
	int rc = control_client_call(client, request, ANSWER_TIMEOUT_MS, &answer, e);

	if (rc == 0) {
		site_control->n_sites = control_answer_number(answer, "sites");
		site_control->n_paused = control_answer_number(answer, "paused");
		site_control->operation_id = control_answer_number(answer, "operation_id");
		cJSON_Delete(answer);
	}
	cJSON_Delete(request);
	return rc;
}

const char *
site_control_summary(const struct outbox_site_control *site_control, bool daemon)
{
	switch (site_control->verb) {
	case SITE_CONTROL_PAUSE:
		return daemon ? "paused: events are kept, nothing is sent"
			      : "paused, from the next start on (no daemon runs)";
	case SITE_CONTROL_RESUME:
		return daemon ? "resumed" : "resumed, from the next start on (no daemon runs)";
	case SITE_CONTROL_FLUSH:
		break;
	}
	if (site_control->n_paused == site_control->n_sites)
		return "not tried: an operator has paused it, see bentospool resume";
	if (site_control->n_paused > 0)
		return "tried, but for those that an operator has paused";
	return daemon ? "tried now" : "tried at the next start (no daemon runs)";
}

int
site_control_run(const struct config *c, struct outbox_site_control *site_control, bool *ret_daemon,
    struct err *e)
{
	struct control_client *client;
	char actor[64];
	int rc;

	*ret_daemon = control_client_open(c->control, &client, e) == 0;
	if (*ret_daemon) {
		rc = call(client, site_control, e);
		control_client_close(client);
		return rc;
	}
	if (e->code != ERR_NOTFOUND)
		return -1;
	offline_actor(actor, sizeof(actor));
	site_control->actor = actor;
	rc = offline_site_control(c, site_control, e);
	site_control->actor = NULL;
	return rc;
}

static int
print(const struct options *o, const struct outbox_site_control *site_control, bool daemon)
{
	int rc = site_control->n_paused == site_control->n_sites ? VERB_NOTHING : VERB_DONE;
	cJSON *line;

	if (o->json) {
		line = cJSON_CreateObject();
		cJSON_AddStringToObject(line, "verb", site_control_verb_name(site_control->verb));
		if (site_control->site != NULL)
			cJSON_AddStringToObject(line, "site", site_control->site);
		else
			cJSON_AddNullToObject(line, "site");
		cJSON_AddNumberToObject(line, "sites", (double)site_control->n_sites);
		cJSON_AddNumberToObject(line, "operation_id", (double)site_control->operation_id);
		if (site_control->verb == SITE_CONTROL_FLUSH)
			cJSON_AddNumberToObject(line, "paused", (double)site_control->n_paused);
		cJSON_AddBoolToObject(line, "daemon", daemon);
		return verb_print_json(line) == 0 ? rc : VERB_ERROR;
	}
	if (site_control->site != NULL)
		printf(
		    "site %s: %s", site_control->site, site_control_summary(site_control, daemon));
	else
		printf("%lld site%s: %s", (long long)site_control->n_sites,
		    words_plural(site_control->n_sites),
		    site_control_summary(site_control, daemon));
	printf(" (operation %lld)\n", (long long)site_control->operation_id);
	return rc;
}

static int
site_control(const struct options *o, enum site_control_verb verb)
{
	struct outbox_site_control message = { .verb = verb, .site = o->to_site, .note = o->note };
	struct outbox_audit *audit;
	struct config *c;
	bool daemon;
	struct err e;
	int rc;

	/* Looked at first, so that without a daemon no database is made. */
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	outbox_audit_close(audit);
	rc = site_control_run(c, &message, &daemon, &e);
	config_free(c);
	if (rc == 0)
		return print(o, &message, daemon);
	verb_fail(&e);
	return e.code == ERR_NOTFOUND ? VERB_NOTHING : VERB_ERROR;
}

int
verb_pause(const struct options *o)
{
	return site_control(o, SITE_CONTROL_PAUSE);
}

int
verb_resume(const struct options *o)
{
	return site_control(o, SITE_CONTROL_RESUME);
}

int
verb_flush(const struct options *o)
{
	return site_control(o, SITE_CONTROL_FLUSH);
}
