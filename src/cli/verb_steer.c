/* pause, resume, flush: through the daemon, or without one as the writer. */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/offline.h"
#include "cli/steer.h"
#include "cli/verbs.h"
#include "cli/words.h"
#include "control/client.h"
#include "outbox/audit.h"

#define ANSWER_TIMEOUT_MS 60000

static cJSON *
make_request(const struct outbox_steer *steer)
{
	cJSON *request = cJSON_CreateObject();

	cJSON_AddStringToObject(request, "do", "steer");
	cJSON_AddStringToObject(request, "verb", steer_verb_name(steer->verb));
	if (steer->site != NULL)
		cJSON_AddStringToObject(request, "site", steer->site);
	if (steer->note != NULL)
		cJSON_AddStringToObject(request, "note", steer->note);
	return request;
}

static int
call(struct control_client *client, struct outbox_steer *steer, struct err *e)
{
	cJSON *request = make_request(steer), *answer;
	int rc = control_client_call(client, request, ANSWER_TIMEOUT_MS, &answer, e);

	if (rc == 0) {
		steer->n_sites = control_answer_number(answer, "sites");
		steer->n_paused = control_answer_number(answer, "paused");
		steer->operation_id = control_answer_number(answer, "operation_id");
		cJSON_Delete(answer);
	}
	cJSON_Delete(request);
	return rc;
}

const char *
steer_told(const struct outbox_steer *steer, bool daemon)
{
	switch (steer->verb) {
	case STEER_PAUSE:
		return daemon ? "paused: events are kept, nothing is sent"
			      : "paused, from the next start on (no daemon runs)";
	case STEER_RESUME:
		return daemon ? "resumed" : "resumed, from the next start on (no daemon runs)";
	case STEER_FLUSH:
		break;
	}
	if (steer->n_paused == steer->n_sites)
		return "not tried: an operator has paused it, see bentospool resume";
	if (steer->n_paused > 0)
		return "tried, but for those that an operator has paused";
	return daemon ? "tried now" : "tried at the next start (no daemon runs)";
}

int
steer_run(const struct config *c, struct outbox_steer *steer, bool *ret_daemon, struct err *e)
{
	struct control_client *client;
	char actor[64];
	int rc;

	*ret_daemon = control_client_open(c->control, &client, e) == 0;
	if (*ret_daemon) {
		rc = call(client, steer, e);
		control_client_close(client);
		return rc;
	}
	if (e->code != ERR_NOTFOUND)
		return -1;
	offline_actor(actor, sizeof(actor));
	steer->actor = actor;
	rc = offline_steer(c, steer, e);
	steer->actor = NULL;
	return rc;
}

static int
print(const struct options *o, const struct outbox_steer *steer, bool daemon)
{
	int rc = steer->n_paused == steer->n_sites ? VERB_NOTHING : VERB_DONE;
	cJSON *line;

	if (o->json) {
		line = cJSON_CreateObject();
		cJSON_AddStringToObject(line, "verb", steer_verb_name(steer->verb));
		if (steer->site != NULL)
			cJSON_AddStringToObject(line, "site", steer->site);
		else
			cJSON_AddNullToObject(line, "site");
		cJSON_AddNumberToObject(line, "sites", (double)steer->n_sites);
		cJSON_AddNumberToObject(line, "operation_id", (double)steer->operation_id);
		if (steer->verb == STEER_FLUSH)
			cJSON_AddNumberToObject(line, "paused", (double)steer->n_paused);
		cJSON_AddBoolToObject(line, "daemon", daemon);
		return verb_print_json(line) == 0 ? rc : VERB_ERROR;
	}
	if (steer->site != NULL)
		printf("site %s: %s", steer->site, steer_told(steer, daemon));
	else
		printf("%lld site%s: %s", (long long)steer->n_sites, words_plural(steer->n_sites),
		    steer_told(steer, daemon));
	printf(" (operation %lld)\n", (long long)steer->operation_id);
	return rc;
}

static int
steer(const struct options *o, enum steer_verb verb)
{
	struct outbox_steer message = { .verb = verb, .site = o->to_site, .note = o->note };
	struct outbox_audit *audit;
	struct config *c;
	bool daemon;
	struct err e;
	int rc;

	/* Looked at first, so that without a daemon no database is made. */
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	outbox_audit_close(audit);
	rc = steer_run(c, &message, &daemon, &e);
	config_free(c);
	if (rc == 0)
		return print(o, &message, daemon);
	verb_fail(&e);
	return e.code == ERR_NOTFOUND ? VERB_NOTHING : VERB_ERROR;
}

int
verb_pause(const struct options *o)
{
	return steer(o, STEER_PAUSE);
}

int
verb_resume(const struct options *o)
{
	return steer(o, STEER_RESUME);
}

int
verb_flush(const struct options *o)
{
	return steer(o, STEER_FLUSH);
}
