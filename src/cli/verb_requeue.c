#include <cjson/cJSON.h>
#include <stdio.h>

#include "cli/offline.h"
#include "cli/peer.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "cli/words.h"
#include "control/client.h"
#include "outbox/audit.h"

#define LINE_TIMEOUT_MS 60000 /* a slice of the operation is much faster */

struct result {
	int64_t events;
	int64_t delivered; /* of them, before: Bento gets these again */
	int64_t operation_id;
};

/* ---- through the daemon --------------------------------------------------------------------- */

static cJSON *
make_request(const struct options *o, struct err *e)
{
	cJSON *request = cJSON_CreateObject();
	struct buf filter;

	buf_init(&filter, FILTER_MAX_JSON);
	outbox_filter_to_json(&o->filter, &filter);
	cJSON_AddStringToObject(request, "do", "operate");
	cJSON_AddStringToObject(request, "verb", operate_verb_name(OPERATE_REQUEUE));
	if (o->note != NULL)
		cJSON_AddStringToObject(request, "note", o->note);
	/* Without its filter the daemon refuses the request: nothing can be lost here. */
	if (filter.failed || cJSON_AddRawToObject(request, "filter", filter.p) == NULL) {
		cJSON_Delete(request);
		request = NULL;
		err_nomem(e);
	}
	buf_free(&filter);
	return request;
}

static int64_t
number_of(const cJSON *answer, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, key);

	return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

static int
call(struct control_client *client, const struct options *o, struct result *ret, struct err *e)
{
	cJSON *request = make_request(o, e), *answer;
	int rc;

	if (request == NULL)
		return -1;
	rc = control_client_call(client, request, LINE_TIMEOUT_MS, &answer, e);
	if (rc == 0) {
		ret->events = number_of(answer, "events");
		ret->operation_id = number_of(answer, "operation_id");
		cJSON_Delete(answer);
	}
	cJSON_Delete(request);
	return rc;
}

/* ---- without one ---------------------------------------------------------------------------- */

static int
run_offline(const struct config *c, const struct options *o, struct result *ret, struct err *e)
{
	char actor[64];
	struct outbox_operation op = {
		.verb = OPERATE_REQUEUE,
		.filter = &o->filter,
		.actor = actor,
		.note = o->note,
	};

	offline_actor(actor, sizeof(actor));
	if (offline_operate(c, &op, e) != 0)
		return -1;
	ret->events = op.n_events;
	ret->operation_id = op.operation_id;
	return 0;
}

static int
run(const struct config *c, const struct options *o, struct result *ret, struct err *e)
{
	struct control_client *client;
	int rc;

	if (control_client_open(c->control, &client, e) != 0)
		return e->code == ERR_NOTFOUND ? run_offline(c, o, ret, e) : -1;
	rc = call(client, o, ret, e);
	control_client_close(client);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int
count_in(struct outbox_audit *audit, const struct options *o, unsigned statuses, int64_t *ret_count,
    struct err *e)
{
	struct outbox_filter f = o->filter; /* borrows its texts */

	*ret_count = 0;
	f.statuses = statuses;
	if (statuses != 0 && outbox_audit_count(audit, &f, ret_count, e) != 0)
		return -1;
	if (f.limit != 0 && *ret_count > f.limit)
		*ret_count = f.limit;
	return 0;
}

static int
count(struct outbox_audit *audit, const struct options *o, struct result *r, struct err *e)
{
	unsigned statuses = operate_statuses(OPERATE_REQUEUE, &o->filter);

	if (count_in(audit, o, statuses, &r->events, e) != 0)
		return -1;
	return count_in(audit, o, statuses & (1U << STATUS_DELIVERED), &r->delivered, e);
}

/* What --dry-run and the question add about events that Bento has already. */
static void
describe_delivered(const struct result *r, char *to, size_t size)
{
	to[0] = '\0';
	if (r->delivered > 0)
		snprintf(to, size, " (%lld delivered before: Bento gets them again)",
		    (long long)r->delivered);
}

static int
print(const struct options *o, const struct result *r)
{
	char again[80];
	cJSON *line;

	if (o->json) {
		line = cJSON_CreateObject();
		cJSON_AddNumberToObject(line, "events", (double)r->events);
		cJSON_AddBoolToObject(line, "dry_run", o->dry_run);
		if (r->operation_id != 0)
			cJSON_AddNumberToObject(line, "operation_id", (double)r->operation_id);
		return verb_print_json(line) == 0 ? VERB_DONE : VERB_ERROR;
	}
	describe_delivered(r, again, sizeof(again));
	if (o->dry_run)
		printf("%lld event%s would be requeued%s\n", (long long)r->events,
		    words_plural(r->events), again);
	else
		printf("%lld event%s requeued (operation %lld)\n", (long long)r->events,
		    words_plural(r->events), (long long)r->operation_id);
	return VERB_DONE;
}

/* More than one event wants a yes. VERB_DONE, or the code to exit with. */
static int
confirm(const struct options *o, const struct result *r)
{
	char question[160], again[80];

	if (o->yes || r->events <= 1)
		return VERB_DONE;
	if (!terminal_can_ask())
		return verb_usage("%lld events match; nothing was done: say --yes to requeue them",
		    (long long)r->events);
	describe_delivered(r, again, sizeof(again));
	snprintf(question, sizeof(question), "requeue %lld events%s?", (long long)r->events, again);
	if (terminal_confirm(question))
		return VERB_DONE;
	fprintf(stderr, "bentospool: nothing was done\n");
	return VERB_ERROR;
}

static int
requeue(const struct config *c, const struct options *o, struct result *r)
{
	struct err e;
	int rc;

	if (r->events == 0) {
		fprintf(stderr, "bentospool: no event matches that can be requeued\n");
		return VERB_NOTHING;
	}
	if (o->dry_run)
		return print(o, r);
	rc = confirm(o, r);
	if (rc != VERB_DONE)
		return rc;
	if (run(c, o, r, &e) != 0)
		return verb_fail(&e);
	return r->events == 0 ? VERB_NOTHING : print(o, r);
}

int
verb_requeue(const struct options *o)
{
	struct outbox_audit *audit;
	struct result r = { 0 };
	struct config *c;
	struct err e;
	int rc;

	if (outbox_filter_is_empty(&o->filter))
		return verb_usage(
		    "requeue: say which events, or --all; see bentospool requeue --help");
	if (verb_open(o, &c, &audit) != 0)
		return VERB_ERROR;
	rc = count(audit, o, &r, &e);
	/* Before this process may become the writer: SQLITE.md, Files and processes. */
	outbox_audit_close(audit);
	rc = rc == 0 ? requeue(c, o, &r) : verb_fail(&e);
	config_free(c);
	return rc;
}
