/* Operations on a selection of events, in slices. */
#include <cjson/cJSON.h>
#include <math.h>

#include "control/control_private.h"

#define MAX_EXACT 9007199254740992.0 /* 2^53: cJSON's numbers are doubles */

static int
read_filter(struct task *task, const cJSON *request, struct err *e)
{
	const cJSON *filter = cJSON_GetObjectItemCaseSensitive(request, "filter");

	if (outbox_filter_from_json(filter, &task->filter, e) != 0)
		return -1;
	if (outbox_filter_is_empty(&task->filter))
		return err_set(e, ERR_INPUT, "an operation needs a filter");
	task->operation.filter = &task->filter;
	return 0;
}

static int
read_undo(struct task *task, const cJSON *request, struct err *e)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");

	if (!cJSON_IsNumber(id) || id->valuedouble < 1 || id->valuedouble > MAX_EXACT
	    || floor(id->valuedouble) != id->valuedouble)
		return err_set(e, ERR_INPUT, "an undo needs the id of an operation");
	task->operation.undoes = (int64_t)id->valuedouble;
	return 0;
}

static int
read_operation(struct task *task, const cJSON *request, struct err *e)
{
	const cJSON *verb = cJSON_GetObjectItemCaseSensitive(request, "verb");
	int rc;

	if (!cJSON_IsString(verb)
	    || operate_verb_parse(slice_from(verb->valuestring), &task->operation.verb) != 0)
		return err_set(e, ERR_INPUT, "this daemon does not know that verb");
	rc = task->operation.verb == OPERATE_UNDO ? read_undo(task, request, e)
						  : read_filter(task, request, e);
	return rc == 0 ? task_read_text(request, "note", &task->note, e) : -1;
}

int
task_operate(struct connection *conn, const cJSON *request, struct err *e)
{
	struct task *task = task_new(conn, e);

	if (task == NULL)
		return -1;
	if (read_operation(task, request, e) != 0) {
		task_free(task);
		return -1;
	}
	task->operation.msg.type = OUTBOX_OPERATE;
	task->operation.actor = task->actor;
	task->operation.note = task->note;
	return task_start(task, &task->operation.msg, e);
}

static void
tell_operation_failed(struct task *task, const struct err *why)
{
	struct err e = *why;

	if (task->done_before > 0)
		err_wrap(&e, "stopped after %lld events", (long long)task->done_before);
	connection_refuse(task->connection, &e);
}

/* What an undo had to leave. */
static void
add_left(cJSON *answer, const struct undo_left *left)
{
	cJSON_AddNumberToObject(answer, "delivered", (double)left->delivered);
	cJSON_AddNumberToObject(answer, "settled", (double)left->settled);
	cJSON_AddNumberToObject(answer, "changed", (double)left->changed);
	cJSON_AddNumberToObject(answer, "changed_by", (double)left->changed_by);
	cJSON_AddNumberToObject(answer, "undone", (double)left->undone);
	cJSON_AddNumberToObject(answer, "gone", (double)left->gone);
}

static void
tell_operation_done(struct task *task)
{
	cJSON *answer = cJSON_CreateObject();

	cJSON_AddTrueToObject(answer, "ok");
	cJSON_AddNumberToObject(answer, "events", (double)task->operation.n_events);
	cJSON_AddNumberToObject(answer, "operation_id", (double)task->operation.operation_id);
	if (task->operation.verb == OPERATE_UNDO)
		add_left(answer, &task->operation.left);
	connection_answer(task->connection, answer);
}

/* A slice came back: the next one, or the end. */
void
task_operation_goes_on(struct task *task)
{
	struct outbox_operation *op = &task->operation;
	struct err e;

	if (task->connection == NULL) {
		task_end(task);
		return;
	}
	if (op->msg.rc == 0 && op->more) {
		task->done_before = op->n_events;
		task_tell_progress(task, op->n_events);
		if (task_send(task, &op->msg, &e) == 0)
			return;
		tell_operation_failed(task, &e);
	} else if (op->msg.rc != 0) {
		tell_operation_failed(task, &op->msg.err);
	} else {
		tell_operation_done(task);
	}
	task_end(task);
}
