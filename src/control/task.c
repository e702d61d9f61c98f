/* Requests that the writer carries out: pauses, purges, erasures and test events. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"
#include "event/json/json.h"

/* ---- on the writer's thread ------------------------------------------------------------------ */

static void
on_done(struct outbox_msg *msg, void *arg)
{
	struct task *task = arg;

	mailbox_push_always(&task->control->done, &msg->mail);
}

/* ---- on the main thread ---------------------------------------------------------------------- */

/* Clients that hung up may have left theirs with the writer. */
struct task *
task_new(struct connection *conn, struct err *e)
{
	struct task *task;

	if (connection_control(conn)->n_tasks >= CONTROL_MAX_CLIENTS) {
		err_set(e, ERR_BUSY, "too many requests are under way: try again");
		return NULL;
	}
	task = calloc(1, sizeof(*task));
	if (task == NULL) {
		err_nomem(e);
		return NULL;
	}
	task->control = connection_control(conn);
	task->connection = conn;
	outbox_filter_init(&task->filter);
	segment_request_init(&task->request);
	snprintf(task->actor, sizeof(task->actor), "%s", connection_actor(conn));
	return task;
}

void
task_free(struct task *task)
{
	outbox_filter_free(&task->filter);
	segment_request_free(&task->request);
	free(task->note);
	free(task->from);
	free(task->site);
	free(task->archive);
	free(task->email);
	free(task->event);
	free(task->lines);
	free(task);
}

void
task_end(struct task *task)
{
	struct task **link = &task->control->tasks;

	while (*link != task)
		link = &(*link)->next;
	*link = task->next;
	task->control->n_tasks--;
	if (task->connection != NULL)
		connection_attach(task->connection, NULL);
	task_free(task);
}

int
task_send(struct task *task, struct outbox_msg *msg, struct err *e)
{
	msg->done = on_done;
	msg->done_arg = task;
	msg->rc = 0;
	if (outbox_send(task->control->outbox, msg) != 0)
		return err_set(e, ERR_BUSY, "the outbox is busy or stopping: try again");
	return 0;
}

int
task_start(struct task *task, struct outbox_msg *msg, struct err *e)
{
	if (task_send(task, msg, e) != 0) {
		task_free(task);
		return -1;
	}
	task->next = task->control->tasks;
	task->control->tasks = task;
	task->control->n_tasks++;
	connection_attach(task->connection, task);
	return 0;
}

int
task_read_text(const cJSON *request, const char *name, char **ret_text, struct err *e)
{
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(request, name);

	if (text != NULL && !cJSON_IsString(text))
		return err_set(e, ERR_INPUT, "%s must be a text", name);
	if (text != NULL && (*ret_text = strdup(text->valuestring)) == NULL)
		return err_nomem(e);
	return 0;
}

void
task_tell_progress(struct task *task, int64_t events)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddNumberToObject(line, "progress", (double)events);
	connection_answer(task->connection, line);
}

/* ---- steer ---------------------------------------------------------------------------------- */

static int
read_site_control(struct task *task, const cJSON *request, struct err *e)
{
	const cJSON *verb = cJSON_GetObjectItemCaseSensitive(request, "verb");

	if (!cJSON_IsString(verb)
	    || site_control_verb_parse(slice_from(verb->valuestring), &task->site_control.verb)
		   != 0)
		return err_set(e, ERR_INPUT, "this daemon does not know that verb");
	if (task_read_text(request, "site", &task->site, e) != 0)
		return -1;
	return task_read_text(request, "note", &task->note, e);
}

int
task_site_control(struct connection *conn, const cJSON *request, struct err *e)
{
	struct task *task = task_new(conn, e);

	if (task == NULL)
		return -1;
	if (read_site_control(task, request, e) != 0) {
		task_free(task);
		return -1;
	}
	task->site_control.msg.type = OUTBOX_SITE_CONTROL;
	task->site_control.site = task->site;
	task->site_control.actor = task->actor;
	task->site_control.note = task->note;
	return task_start(task, &task->site_control.msg, e);
}

static void
answer_site_control(struct task *task)
{
	cJSON *answer = cJSON_CreateObject();

	cJSON_AddTrueToObject(answer, "ok");
	cJSON_AddNumberToObject(answer, "sites", (double)task->site_control.n_sites);
	cJSON_AddNumberToObject(answer, "paused", (double)task->site_control.n_paused);
	cJSON_AddNumberToObject(answer, "operation_id", (double)task->site_control.operation_id);
	connection_answer(task->connection, answer);
}

/* It is recorded: the dispatcher hears of it, also when nobody waits for the answer any more. */
static void
site_control_ends(struct task *task)
{
	struct control *c = task->control;

	for (size_t i = 0; task->site_control.msg.rc == 0 && i < c->n_sites; i++)
		if (task->site == NULL || strcmp(task->site, c->sites[i].name) == 0)
			c->on_site_control(
			    c->on_site_control_arg, c->sites[i].site_id, task->site_control.verb);
	if (task->connection != NULL && task->site_control.msg.rc == 0)
		answer_site_control(task);
	else if (task->connection != NULL)
		connection_refuse(task->connection, &task->site_control.msg.err);
	task_end(task);
}

/* ---- purge ---------------------------------------------------------------------------------- */

int
task_purge(struct connection *conn, const cJSON *request, struct err *e)
{
	struct task *task = task_new(conn, e);
	struct control *c = connection_control(conn);
	const char *archive;

	if (task == NULL)
		return -1;
	c->limits(c->limits_arg, &task->limits, &archive);
	task->archive = strdup(archive);
	if (task->archive == NULL) {
		task_free(task);
		return err_nomem(e);
	}
	task->purge.msg.type = OUTBOX_PURGE;
	task->purge.limits = &task->limits;
	task->purge.archive = task->archive;
	task->purge.actor = task->actor;
	task->purge.dry_run = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "dry_run"));
	return task_start(task, &task->purge.msg, e);
}

static void
tell_purged(struct task *task)
{
	cJSON *answer = cJSON_CreateObject();

	cJSON_AddTrueToObject(answer, "ok");
	cJSON_AddNumberToObject(answer, "payloads", (double)task->purge.n_payloads);
	cJSON_AddNumberToObject(answer, "rows", (double)task->purge.n_rows);
	cJSON_AddNumberToObject(answer, "operation_id", (double)task->purge.operation_id);
	connection_answer(task->connection, answer);
}

/* A slice came back: the next one, or the end. */
static void
purge_goes_on(struct task *task)
{
	struct outbox_purge *purge = &task->purge;
	struct err e = purge->msg.err;

	if (task->connection != NULL && purge->msg.rc == 0 && purge->more) {
		task_tell_progress(task, purge->n_payloads + purge->n_rows);
		if (task_send(task, &purge->msg, &e) == 0)
			return;
		connection_refuse(task->connection, &e);
	} else if (task->connection != NULL && purge->msg.rc != 0) {
		connection_refuse(task->connection, &e);
	} else if (task->connection != NULL) {
		tell_purged(task);
	}
	task_end(task);
}

/* ---- erase ---------------------------------------------------------------------------------- */

int
task_erase(struct connection *conn, const cJSON *request, struct err *e)
{
	struct task *task = task_new(conn, e);

	if (task == NULL)
		return -1;
	if (task_read_text(request, "email", &task->email, e) != 0 || task->email == NULL) {
		if (task->email == NULL && e->code == ERR_NONE)
			err_set(e, ERR_INPUT, "erase needs an email");
		task_free(task);
		return -1;
	}
	task->erase.msg.type = OUTBOX_ERASE;
	task->erase.email = task->email;
	task->erase.actor = task->actor;
	task->erase.dry_run = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "dry_run"));
	return task_start(task, &task->erase.msg, e);
}

static void
tell_erased(struct task *task)
{
	cJSON *answer = cJSON_CreateObject();

	cJSON_AddTrueToObject(answer, "ok");
	cJSON_AddNumberToObject(answer, "events", (double)task->erase.n_events);
	cJSON_AddNumberToObject(answer, "discarded", (double)task->erase.n_discarded);
	cJSON_AddNumberToObject(answer, "quotes", (double)task->erase.n_quotes);
	cJSON_AddNumberToObject(answer, "operation_id", (double)task->erase.operation_id);
	connection_answer(task->connection, answer);
}

/* Half an erasure is none: it goes on to its end, whether anybody waits or not. */
static void
erase_goes_on(struct task *task)
{
	struct outbox_erase *erase = &task->erase;
	struct err e = erase->msg.err;

	if (erase->msg.rc == 0 && erase->more) {
		if (task->connection != NULL)
			task_tell_progress(task, erase->n_events + erase->n_quotes);
		if (task_send(task, &erase->msg, &e) == 0)
			return;
		erase->msg.rc = -1;
	}
	if (task->connection != NULL && erase->msg.rc != 0)
		connection_refuse(task->connection, &e);
	else if (task->connection != NULL)
		tell_erased(task);
	task_end(task);
}

/* ---- put ------------------------------------------------------------------------------------ */

static int
find_site(struct task *task, const cJSON *name, struct err *e)
{
	struct control *c = task->control;

	if (name == NULL && c->n_sites == 1) {
		task->put.site_id = c->sites[0].site_id;
		return 0;
	}
	if (name == NULL)
		return err_set(
		    e, ERR_INPUT, "the daemon has %zu sites: say which with --site", c->n_sites);
	for (size_t i = 0; i < c->n_sites; i++)
		if (cJSON_IsString(name) && strcmp(name->valuestring, c->sites[i].name) == 0) {
			task->put.site_id = c->sites[i].site_id;
			return 0;
		}
	return err_set(e, ERR_NOTFOUND, "the daemon has no site \"%.64s\"",
	    cJSON_IsString(name) ? name->valuestring : "");
}

static int
read_event(struct task *task, const cJSON *request, struct err *e)
{
	const cJSON *event = cJSON_GetObjectItemCaseSensitive(request, "event");
	struct segment_request *r = &task->request;

	if (find_site(task, cJSON_GetObjectItemCaseSensitive(request, "site"), e) != 0)
		return -1;
	if (!cJSON_IsString(event))
		return err_set(e, ERR_INPUT, "event must be a text that holds JSON");
	task->event = strdup(event->valuestring);
	if (task->event == NULL)
		return err_nomem(e);
	r->body = slice_from(task->event);
	return task->control->judge(task->control->judge_arg, task->put.site_id, r, e);
}

int
task_put(struct connection *conn, const cJSON *request, struct err *e)
{
	struct task *task = task_new(conn, e);

	if (task == NULL)
		return -1;
	if (read_event(task, request, e) != 0) {
		task_free(task);
		return -1;
	}
	task->put.msg.type = OUTBOX_PUT;
	task->put.msg.mail.cost = task->request.body.n;
	task->put.received_at = task->request.received_at;
	task->put.events = task->request.events;
	task->put.n_events = task->request.n_events;
	return task_start(task, &task->put.msg, e);
}

static void
put_ends(struct task *task)
{
	cJSON *answer;

	if (task->connection == NULL) {
		task_end(task);
		return;
	}
	if (task->put.msg.rc != 0) {
		connection_refuse(task->connection, &task->put.msg.err);
	} else {
		answer = cJSON_CreateObject();
		cJSON_AddTrueToObject(answer, "ok");
		cJSON_AddNumberToObject(answer, "stored", (double)task->put.n_stored);
		cJSON_AddNumberToObject(answer, "duplicates", (double)task->put.n_duplicates);
		cJSON_AddNumberToObject(answer, "event_id", (double)task->put.first_event_id);
		connection_answer(task->connection, answer);
	}
	task_end(task);
}

void
tasks_take_done(struct control *c)
{
	struct mail *mail = mailbox_take(&c->done), *next;

	for (; mail != NULL; mail = next) {
		struct outbox_msg *msg = (struct outbox_msg *)mail;
		struct task *task = msg->done_arg;

		next = mail->next;
		if (msg->type == OUTBOX_PUT)
			put_ends(task);
		else if (msg->type == OUTBOX_SITE_CONTROL)
			site_control_ends(task);
		else if (msg->type == OUTBOX_ERASE)
			erase_goes_on(task);
		else if (msg->type == OUTBOX_PURGE)
			purge_goes_on(task);
		else if (msg->type == OUTBOX_IMPORT)
			task_import_ends(task);
		else
			task_operation_goes_on(task);
	}
}
