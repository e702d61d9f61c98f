#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/verbs.h"
#include "client/control_client.h"
#include "client/offline.h"
#include "outbox/read/audit.h"
#include "term/terminal.h"

#define LINE_TIMEOUT_MS 60000 /* a slice is much faster */

static int
call(struct control_client *client, struct outbox_erase *erase, struct err *e)
{
	cJSON *request = cJSON_CreateObject(), *answer;
	int rc;

	cJSON_AddStringToObject(request, "do", "erase");
	cJSON_AddStringToObject(request, "email", erase->email);
	cJSON_AddBoolToObject(request, "dry_run", erase->dry_run);
	rc = control_client_call(client, request, LINE_TIMEOUT_MS, &answer, e);
	if (rc == 0) {
		erase->n_events = control_answer_number(answer, "events");
		erase->n_discarded = control_answer_number(answer, "discarded");
		erase->n_quotes = control_answer_number(answer, "quotes");
		erase->operation_id = control_answer_number(answer, "operation_id");
		cJSON_Delete(answer);
	}
	cJSON_Delete(request);
	return rc;
}

static int
run(const struct config *c, const struct options *o, bool dry_run, struct outbox_erase *ret,
    struct err *e)
{
	struct control_client *client;
	char actor[64];
	int rc;

	*ret = (struct outbox_erase){ .email = o->event_email, .dry_run = dry_run };
	if (control_client_open(c->control, &client, e) == 0) {
		rc = call(client, ret, e);
		control_client_close(client);
		return rc;
	}
	if (e->code != ERR_NOTFOUND)
		return -1;
	offline_actor(actor, sizeof(actor));
	ret->actor = actor;
	rc = offline_erase(c, ret, e);
	ret->actor = NULL;
	return rc;
}

static int
print(const struct options *o, const struct outbox_erase *erase)
{
	cJSON *line;

	if (o->json) {
		line = cJSON_CreateObject();
		cJSON_AddNumberToObject(line, "events", (double)erase->n_events);
		cJSON_AddNumberToObject(line, "discarded", (double)erase->n_discarded);
		cJSON_AddNumberToObject(line, "quotes", (double)erase->n_quotes);
		cJSON_AddBoolToObject(line, "dry_run", o->dry_run);
		if (erase->operation_id != 0)
			cJSON_AddNumberToObject(line, "operation_id", (double)erase->operation_id);
		return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
	}
	printf("%lld event%s %s (%lld waited and %s discarded), %lld other row%s quoted the "
	       "address\n",
	    (long long)erase->n_events, words_plural(erase->n_events),
	    o->dry_run ? "would be erased" : "erased", (long long)erase->n_discarded,
	    o->dry_run ? "would be" : "are", (long long)erase->n_quotes,
	    words_plural(erase->n_quotes));
	if (!o->dry_run)
		printf(
		    "Bento, archives, backups and copies made before a migration (.v1, .v2, ...) "
		    "still have it\n");
	return VERB_DONE;
}

static int
confirm(const struct options *o, const struct outbox_erase *erase)
{
	char question[160];

	if (o->yes)
		return VERB_DONE;
	if (!terminal_can_ask())
		return verb_usage("erase cannot be taken back; nothing was done: say --yes");
	snprintf(
	    question, sizeof(question), "erase %lld events for good?", (long long)erase->n_events);
	if (terminal_confirm(question))
		return VERB_DONE;
	fprintf(stderr, "bentospool: nothing was done\n");
	return VERB_ERROR;
}

static int
erase(const struct config *c, const struct options *o)
{
	struct outbox_erase found;
	struct err e;
	int rc;

	if (run(c, o, true, &found, &e) != 0)
		return verb_fail(&e);
	if (found.n_events == 0 && found.n_quotes == 0) {
		fprintf(stderr, "bentospool: nothing holds that address\n");
		return VERB_NOTHING;
	}
	if (o->dry_run)
		return print(o, &found);
	rc = confirm(o, &found);
	if (rc != VERB_DONE)
		return rc;
	return run(c, o, false, &found, &e) == 0 ? print(o, &found) : verb_fail(&e);
}

int
verb_erase(const struct options *o)
{
	struct outbox_audit *audit;
	struct config *c;
	int rc;

	if (o->event_email == NULL)
		return verb_usage("erase: say whom with --email ADDRESS");
	/* Looked at first, so that without a daemon no database is made. */
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	outbox_audit_close(audit);
	rc = erase(c, o);
	config_free(c);
	return rc;
}
