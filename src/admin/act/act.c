/*
 * If a filter or an undo selects the events, an act counts them first. A dry run answers with that
 * number. Otherwise the number is compared with the one that the person was shown, and the request
 * goes to the control socket. When the browser goes away the act ends: before the request is sent
 * nothing changes; afterwards the request ends after its current step.
 */
#include "admin/act/act.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/act/act_request.h"
#include "admin/act/control_call.h"
#include "admin/act/count.h"
#include "admin/body_json.h"
#include "admin/state.h"
#include "report/event_json.h"

#define STOPPING "bentospool is stopping; nothing was changed"
#define STOPPED "bentospool is stopping; the operations show whether anything was done"

struct act {
	struct act **place; /* among those under way */
	struct admin_request *r;
	cJSON *object; /* the request's texts point into it */
	struct act_request request;
	char name[WHO_NAME_BYTES + 1];
	struct count *count;       /* NULL: not counting */
	struct control_call *call; /* NULL: not calling */
};

static void
free_act(struct act *act)
{
	if (act->count != NULL)
		count_cancel(act->count);
	if (act->call != NULL)
		control_call_cancel(act->call);
	*act->place = NULL;
	act_request_free(&act->request);
	cJSON_Delete(act->object);
	free(act);
}

static void
on_gone(void *arg)
{
	free_act(arg);
}

/* Answers, and ends the act. */
static void
answer(struct act *act, struct admin_reply *reply)
{
	struct admin_request *r = act->r;

	r->gone = NULL;
	free_act(act);
	admin_answer(r, reply);
	admin_reply_free(reply);
}

static void
answer_refusal(struct act *act, int status, const char *code, const char *words)
{
	struct admin_reply reply;

	admin_reply_init(&reply);
	if (status == 503)
		reply.retry_after = 1;
	admin_reply_refuse(&reply, status, code, "%s", words);
	answer(act, &reply);
}

static void
answer_object(struct act *act, cJSON *o)
{
	struct admin_reply reply;

	admin_reply_init(&reply);
	body_json_print(&reply, o);
	answer(act, &reply);
}

static void
answer_error(struct act *act, const struct err *e)
{
	switch (e->code) {
	case ERR_INPUT:
	case ERR_LIMIT:
		answer_refusal(act, 400, "bad_request", e->text);
		break;
	case ERR_NOTFOUND:
		answer_refusal(act, 404, "not_found", e->text);
		break;
	case ERR_BUSY:
	case ERR_FULL:
	case ERR_NOMEM:
		answer_refusal(act, 503, "busy", e->text);
		break;
	case ERR_NONE:
	case ERR_IO:
	case ERR_STATE:
	case ERR_SYSTEM:
		answer_refusal(act, 503, "failed", e->text);
		break;
	}
}

/* ---- the control socket ---------------------------------------------------------------------- */

static enum err_code
code_of(const char *word)
{
	static const struct {
		const char *word;
		enum err_code code;
	} codes[] = {
		{ "input", ERR_INPUT },
		{ "notfound", ERR_NOTFOUND },
		{ "busy", ERR_BUSY },
		{ "nomem", ERR_NOMEM },
	};

	for (size_t i = 0; word != NULL && i < sizeof(codes) / sizeof(*codes); i++)
		if (strcmp(word, codes[i].word) == 0)
			return codes[i].code;
	return ERR_SYSTEM;
}

/* Copies the answer, with its numbers as strings. */
static cJSON *
copy_answer(const cJSON *answer)
{
	cJSON *o = cJSON_CreateObject();
	const cJSON *item;

	cJSON_ArrayForEach(item, answer)
	{
		if (cJSON_IsNumber(item))
			json_add_id(o, item->string, (int64_t)item->valuedouble, JSON_PAGE);
		else
			cJSON_AddItemToObject(o, item->string, cJSON_Duplicate(item, true));
	}
	return o;
}

static void
on_called(void *arg, const cJSON *said, const struct err *e)
{
	struct act *act = arg;
	struct err refusal;

	act->call = NULL;
	if (e != NULL) {
		answer_error(act, e);
	} else if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(said, "ok"))) {
		word_counts_add(&act->r->admin->acts, act->request.word);
		answer_object(act, copy_answer(said));
	} else {
		const char *words =
		    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(said, "message"));

		err_set(&refusal,
		    code_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(said, "code"))),
		    "%s", words == NULL ? "the daemon refused this and gave no reason" : words);
		answer_error(act, &refusal);
	}
}

/* Returns -1, with e set, when nothing was sent. */
static int
call(struct act *act, struct err *e)
{
	struct admin *a = act->r->admin;
	char *line;
	int rc;

	if (atomic_load(&a->stopping))
		return err_set(e, ERR_BUSY, STOPPING);
	line = act_request_line(&act->request, act->name);
	if (line == NULL)
		return err_nomem(e);
	rc = control_call_start(a->base, a->control, line, on_called, act, &act->call, e);
	cJSON_free(line);
	return rc;
}

/* ---- counting -------------------------------------------------------------------------------- */

static cJSON *
count_json(const struct act_request *request, struct count_result *result)
{
	cJSON *o = cJSON_CreateObject();
	const struct undo_left *left = &result->left;

	cJSON_AddTrueToObject(o, "ok");
	cJSON_AddTrueToObject(o, "dry_run");
	json_add_id(o, "events", result->events, JSON_PAGE);
	if (request->kind == ACT_EVENTS) {
		json_add_id(o, "already_delivered", result->already_delivered, JSON_PAGE);
		cJSON_AddItemToObject(o, "sample", result->sample);
		result->sample = NULL;
		return o;
	}
	json_add_id(o, "delivered", left->delivered, JSON_PAGE);
	json_add_id(o, "settled", left->settled, JSON_PAGE);
	json_add_id(o, "changed", left->changed, JSON_PAGE);
	json_add_id(o, "changed_by", left->changed_by, JSON_PAGE);
	json_add_id(o, "undone", left->undone, JSON_PAGE);
	json_add_id(o, "gone", left->gone, JSON_PAGE);
	return o;
}

static void
answer_changed(struct act *act, int64_t events)
{
	struct admin_reply reply;

	admin_reply_init(&reply);
	admin_reply_refuse(&reply, 409, "changed_since",
	    "%" PRId64 " event%s now, more than the %" PRId64 " shown: nothing was changed", events,
	    events == 1 ? " matches" : "s match", act->request.expect);
	/* Programs read the number; the words are for people. */
	reply.body.n--;
	buf_printf(&reply.body, ",\"events\":\"%" PRId64 "\"}", events);
	answer(act, &reply);
}

static void
answer_nothing(struct act *act)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddTrueToObject(o, "ok");
	json_add_id(o, "events", 0, JSON_PAGE);
	json_add_id(o, "operation_id", 0, JSON_PAGE);
	answer_object(act, o);
}

static void
on_counted(void *arg, struct count_result *result, const struct err *e)
{
	struct act *act = arg;
	struct err why;

	act->count = NULL;
	if (e != NULL)
		answer_error(act, e);
	else if (act->request.dry_run)
		answer_object(act, count_json(&act->request, result));
	else if (result->events > act->request.expect)
		answer_changed(act, result->events);
	else if (result->events == 0)
		answer_nothing(act);
	else if (call(act, &why) != 0)
		answer_error(act, &why);
}

/* ---- sites ----------------------------------------------------------------------------------- */

/* Counts the sites that a verb concerns, and those of them that an operator has paused. */
static int
look_at_sites(struct act *act, cJSON *o, struct err *e)
{
	struct outbox_audit *audit = admin_audit(act->r->admin, e);
	const char *name = act->request.site;
	struct audit_site *sites;
	int64_t n = 0, paused = 0;
	size_t all;

	if (audit == NULL)
		return -1;
	if (outbox_audit_site_modes(audit, &sites, &all, e) != 0) {
		admin_audit_failed(act->r->admin, e);
		return -1;
	}
	for (size_t i = 0; i < all; i++)
		if (name == NULL || strcmp(sites[i].name, name) == 0) {
			n++;
			paused += sites[i].pause_at != 0;
		}
	free(sites);
	if (n == 0)
		return err_set(e, ERR_NOTFOUND, "there is no site %s", name == NULL ? "yet" : name);
	cJSON_AddTrueToObject(o, "ok");
	cJSON_AddTrueToObject(o, "dry_run");
	json_add_id(o, "sites", n, JSON_PAGE);
	json_add_id(o, "paused", paused, JSON_PAGE);
	return 0;
}

/* Answers at once, in the reply of the handler. */
static void
refuse_error(struct admin_reply *reply, const struct err *e)
{
	bool unknown = e->code == ERR_NOTFOUND;

	if (!unknown)
		reply->retry_after = 1;
	admin_reply_refuse(
	    reply, unknown ? 404 : 503, unknown ? "not_found" : "busy", "%s", e->text);
}

/* Returns -1 when it was refused or answered: then the caller frees the act. */
static int
begin(struct act *act, struct admin_reply *reply)
{
	struct admin *a = act->r->admin;
	struct err e;
	cJSON *o;
	int rc;

	if (act->request.kind != ACT_SITES) {
		rc = count_start(
		    a->base, a->database, &act->request, on_counted, act, &act->count, &e);
	} else if (!act->request.dry_run) {
		rc = call(act, &e);
	} else {
		o = cJSON_CreateObject();
		rc = look_at_sites(act, o, &e);
		if (rc == 0) {
			body_json_print(reply, o);
			return -1;
		}
		cJSON_Delete(o);
	}
	if (rc != 0)
		refuse_error(reply, &e);
	return rc;
}

/* ---- the request ----------------------------------------------------------------------------- */

/* A session has the name of its person; a program states a name in each act. */
static int
take_name(struct act *act, struct admin_reply *reply)
{
	const char *session = act->r->person.name, *said = act->request.name;

	if (session[0] == '\0' && (said == NULL || !who_is_name(slice_from(said)))) {
		admin_reply_refuse(reply, 400, "name_required",
		    "a change with a token needs the member name: 1 to %d printable characters",
		    WHO_NAME_CHARACTERS);
		return -1;
	}
	snprintf(act->name, sizeof(act->name), "%s", session[0] != '\0' ? session : said);
	return 0;
}

static int
read_act(struct act *act, struct admin_reply *reply)
{
	struct err e;

	act->object = body_json_read(act->r, reply);
	if (act->object == NULL)
		return -1;
	if (act_request_read(act->object, &act->request, &e) != 0) {
		admin_reply_refuse(reply, 400, "bad_request", "%s", e.text);
		return -1;
	}
	return take_name(act, reply);
}

static struct act **
find_place(struct admin *a)
{
	for (size_t i = 0; i < ACT_MAX; i++)
		if (a->under_way[i] == NULL)
			return &a->under_way[i];
	return NULL;
}

void
act_post(struct admin_request *r, struct admin_reply *reply)
{
	struct act *act, **place = find_place(r->admin);

	if (place == NULL || (act = calloc(1, sizeof(*act))) == NULL) {
		reply->retry_after = 1;
		admin_reply_refuse(reply, 503, "busy",
		    "%d other changes are under way: try again in a moment", ACT_MAX);
		return;
	}
	*place = act;
	act->place = place;
	act->r = r;
	if (read_act(act, reply) != 0 || begin(act, reply) != 0) {
		free_act(act);
		return;
	}
	r->waits = true;
	r->gone = on_gone;
	r->gone_arg = act;
}

void
act_stop_all(struct admin *a)
{
	for (size_t i = 0; i < ACT_MAX; i++) {
		struct act *act = a->under_way[i];

		if (act != NULL)
			answer_refusal(act, 503, "busy", act->call == NULL ? STOPPING : STOPPED);
	}
}
