#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"
#include "cli/verbs.h"
#include "client/control_client.h"
#include "client/offline.h"
#include "daemon/jobs/retention.h"
#include "outbox/read/audit.h"
#include "term/terminal.h"

#define LINE_TIMEOUT_MS 60000 /* a slice is much faster */

static int
call(struct control_client *client, struct outbox_purge *p, struct err *e)
{
	cJSON *request = cJSON_CreateObject(), *answer;
	int rc;

	cJSON_AddStringToObject(request, "do", "purge");
	cJSON_AddBoolToObject(request, "dry_run", p->dry_run);
	rc = control_client_call(client, request, LINE_TIMEOUT_MS, &answer, e);
	if (rc == 0) {
		p->n_payloads = control_answer_number(answer, "payloads");
		p->n_rows = control_answer_number(answer, "rows");
		p->operation_id = control_answer_number(answer, "operation_id");
		cJSON_Delete(answer);
	}
	cJSON_Delete(request);
	return rc;
}

/* Nobody has watched the clock: it has to be believed. */
static int
run_offline(const struct config *c, struct outbox_purge *p, struct err *e)
{
	int64_t wall = clock_wall(&clock_system), mono = clock_mono(&clock_system);
	struct purge_limits limits;
	struct age age = { 0 };
	char actor[64];

	age_look(&age, wall, mono);
	retention_limits(&c->retention, &age, wall, mono, &limits);
	offline_actor(actor, sizeof(actor));
	p->limits = &limits;
	p->archive = c->retention.archive;
	p->actor = actor;
	return offline_purge(c, p, e);
}

static int
run(const struct config *c, bool dry_run, struct outbox_purge *ret, struct err *e)
{
	struct control_client *client;
	int rc;

	*ret = (struct outbox_purge){ .dry_run = dry_run };
	if (control_client_open(c->control, &client, e) != 0)
		return e->code == ERR_NOTFOUND ? run_offline(c, ret, e) : -1;
	rc = call(client, ret, e);
	control_client_close(client);
	return rc;
}

static int
print(const struct options *o, const struct outbox_purge *p)
{
	const char *would = o->dry_run ? " would go" : " are gone";
	cJSON *line;

	if (o->json) {
		line = cJSON_CreateObject();
		cJSON_AddNumberToObject(line, "payloads", (double)p->n_payloads);
		cJSON_AddNumberToObject(line, "rows", (double)p->n_rows);
		cJSON_AddBoolToObject(line, "dry_run", o->dry_run);
		if (p->operation_id != 0)
			cJSON_AddNumberToObject(line, "operation_id", (double)p->operation_id);
		return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
	}
	printf("the bodies of %lld event%s, and %lld whole row%s,%s", (long long)p->n_payloads,
	    words_plural(p->n_payloads), (long long)p->n_rows, words_plural(p->n_rows), would);
	if (p->operation_id != 0)
		printf(" (operation %lld)", (long long)p->operation_id);
	putchar('\n');
	return VERB_DONE;
}

/* What is to go is counted first. VERB_DONE, or the code to exit with. */
static int
confirm(const struct options *o, const struct outbox_purge *p)
{
	char question[160];

	if (o->yes)
		return VERB_DONE;
	if (!terminal_can_ask())
		return verb_usage(
		    "purge takes away the bodies of %lld events and %lld rows; nothing "
		    "was done: say --yes",
		    (long long)p->n_payloads, (long long)p->n_rows);
	snprintf(question, sizeof(question), "take away the bodies of %lld events and %lld rows?",
	    (long long)p->n_payloads, (long long)p->n_rows);
	if (terminal_confirm(question))
		return VERB_DONE;
	fprintf(stderr, "bentospool: nothing was done\n");
	return VERB_ERROR;
}

static int
purge(const struct config *c, const struct options *o)
{
	struct outbox_purge p;
	struct err e;
	int rc;

	if (run(c, true, &p, &e) != 0)
		return verb_fail(&e);
	if (p.n_payloads == 0 && p.n_rows == 0) {
		fprintf(stderr, "bentospool: nothing is old enough\n");
		return VERB_NOTHING;
	}
	if (o->dry_run)
		return print(o, &p);
	rc = confirm(o, &p);
	if (rc != VERB_DONE)
		return rc;
	return run(c, false, &p, &e) == 0 ? print(o, &p) : verb_fail(&e);
}

int
verb_purge(const struct options *o)
{
	struct outbox_audit *audit;
	struct config *c;
	int rc;

	/* Looked at first, so that without a daemon no database is made. */
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	outbox_audit_close(audit);
	rc = purge(c, o);
	config_free(c);
	return rc;
}
