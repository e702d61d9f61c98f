/*
 * Requests that need the writer. A request becomes a message to the writer. Each time the writer
 * returns the message, the client gets the progress, and the message is sent again. When the work
 * is done, the client gets the answer. When a client hangs up, its task ends after the current
 * step, unless its kind says otherwise. A failure is reported to the client with the amount done
 * before. All functions run on the main thread except on_done.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/control_private.h"
#include "event/json/json_memory.h"

/* On the writer's thread. */
static void
on_done(struct outbox_msg *msg, void *arg)
{
	struct task *task = arg;

	mailbox_push_always(&task->control->done, &msg->mail);
}

static int
send_message(struct task *task, struct err *e)
{
	task->msg->type = task->exchange->type;
	task->msg->done = on_done;
	task->msg->done_arg = task;
	task->msg->rc = 0;
	if (outbox_send(task->control->options.outbox, task->msg) != 0)
		return err_set(e, ERR_BUSY, "the outbox is busy or stopping: try again");
	return 0;
}

/* request.c has checked the name in "as". */
static void
name_actor(struct task *task, const cJSON *request)
{
	const char *as = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "as"));

	if (as != NULL)
		snprintf(task->actor, sizeof(task->actor), "%s (dashboard)", as);
	else
		snprintf(
		    task->actor, sizeof(task->actor), "%s", connection_actor(task->connection));
}

int
task_start(
    struct connection *conn, const struct request_kind *kind, const cJSON *request, struct err *e)
{
	struct control *c = connection_control(conn);
	struct task *task;

	/* Clients that hung up may have left tasks with the writer. */
	if (c->n_tasks >= CONTROL_MAX_CLIENTS)
		return err_set(e, ERR_BUSY, "too many requests are under way: try again");
	task = calloc(1, kind->size);
	if (task == NULL)
		return err_nomem(e);
	task->kind = kind;
	task->exchange = kind->exchange;
	task->control = c;
	task->connection = conn;
	name_actor(task, request);
	if (kind->parse(task, request, e) != 0 || send_message(task, e) != 0) {
		task_free(task);
		return -1;
	}
	task->next = c->tasks;
	c->tasks = task;
	c->n_tasks++;
	connection_attach(conn, task);
	return 0;
}

void
task_free(struct task *task)
{
	if (task->kind->free != NULL)
		task->kind->free(task);
	free(task);
}

static void
end(struct task *task)
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

static void
tell_progress(struct task *task)
{
	cJSON *line;

	if (task->connection == NULL)
		return;
	line = cJSON_CreateObject();
	cJSON_AddNumberToObject(line, "progress", (double)task->done);
	connection_answer(task->connection, line, NULL);
	json_memory_lacked(); /* the answer may find memory again */
}

static void
answer(struct task *task)
{
	cJSON *line;

	if (task->connection == NULL)
		return;
	line = cJSON_CreateObject();
	cJSON_AddTrueToObject(line, "ok");
	results_write(task->exchange->results, task->msg, false, line);
	if (task->exchange->write_more != NULL)
		task->exchange->write_more(task->msg, line);
	connection_answer(task->connection, line, CONNECTION_DONE);
}

static void
refuse(struct task *task, struct err *e)
{
	if (task->done > 0)
		err_wrap(e, "stopped after %lld events", (long long)task->done);
	if (task->connection != NULL)
		connection_refuse(task->connection, e);
}

/* Returns whether another step follows, and sets task->done to the amount of the committed
 * steps. */
static bool
has_more(struct task *task)
{
	bool wanted = task->connection != NULL || task->kind->outlives_client;

	return wanted && task->exchange->step != NULL
	       && task->exchange->step(task->msg, &task->done);
}

static void
take_back(struct task *task)
{
	struct err e = task->msg->err;
	int rc = task->msg->rc;

	json_memory_lacked(); /* forget an earlier lack */

	if (rc == 0 && task->kind->committed != NULL)
		task->kind->committed(task);
	if (rc == 0 && has_more(task)) {
		tell_progress(task);
		rc = send_message(task, &e);
		if (rc == 0)
			return;
	}
	if (rc == 0)
		answer(task);
	else
		refuse(task, &e);
	end(task);
}

void
tasks_take_done(struct control *c)
{
	struct mail *mail = mailbox_take(&c->done), *next;

	for (; mail != NULL; mail = next) {
		next = mail->next;
		take_back(((struct outbox_msg *)mail)->done_arg);
	}
}
