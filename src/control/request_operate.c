/*
 * operate: requeues, holds, releases, discards or expires a selection of events, or undoes an
 * operation. It runs in steps. When the client hangs up it ends after the current step: each step
 * is complete, and undo can reverse what was done. A wrong verb, filter or id is refused before the
 * writer gets anything.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/number.h"
#include "control/control_private.h"
#include "outbox/filter/filter.h"
#include "outbox/operate/operate.h"

struct operate_task {
	struct task task;
	struct outbox_operation operation;
	struct outbox_filter filter;
	char *note;
};

/* ---- the client's end ------------------------------------------------------------------------ */

static int
write_filter(const struct outbox_filter *f, cJSON *request)
{
	struct buf filter;
	int rc;

	buf_init(&filter, FILTER_MAX_JSON);
	outbox_filter_to_json(f, &filter);
	rc = filter.failed || cJSON_AddRawToObject(request, "filter", filter.p) == NULL ? -1 : 0;
	buf_free(&filter);
	return rc;
}

static int
write_request(const struct outbox_msg *msg, cJSON *request)
{
	const struct outbox_operation *op = (const struct outbox_operation *)msg;
	char id[24];

	if (exchange_add_text(request, "verb", operate_verb_name(op->verb)) != 0
	    || exchange_add_text(request, "note", op->note) != 0)
		return -1;
	if (op->verb != OPERATE_UNDO)
		return write_filter(op->filter, request);
	snprintf(id, sizeof(id), "%" PRId64, op->undoes);
	return exchange_add_text(request, "id", id);
}

static bool
step(const struct outbox_msg *msg, int64_t *ret_done)
{
	const struct outbox_operation *op = (const struct outbox_operation *)msg;

	*ret_done = op->n_events;
	return op->more;
}

#define OPERATION_RESULTS                                                                          \
	RESULT(struct outbox_operation, "events", n_events),                                       \
	    RESULT_ID(struct outbox_operation, "operation_id", operation_id)

static const struct result_field results[] = { OPERATION_RESULTS, RESULTS_END };

static const struct result_field undo_results[] = {
	OPERATION_RESULTS,
	RESULT(struct outbox_operation, "delivered", left.delivered),
	RESULT(struct outbox_operation, "settled", left.settled),
	RESULT(struct outbox_operation, "changed", left.changed),
	RESULT_ID(struct outbox_operation, "changed_by", left.changed_by),
	RESULT(struct outbox_operation, "undone", left.undone),
	RESULT(struct outbox_operation, "gone", left.gone),
	RESULTS_END,
};

const struct exchange exchange_operate = {
	.request = "operate",
	.type = OUTBOX_OPERATE,
	.results = results,
	.write = write_request,
	.step = step,
};

const struct exchange exchange_undo = {
	.request = "operate",
	.type = OUTBOX_OPERATE,
	.results = undo_results,
	.write = write_request,
	.step = step,
};

/* ---- the daemon's end ------------------------------------------------------------------------ */

static int
read_filter(struct operate_task *t, const cJSON *request, struct err *e)
{
	const cJSON *filter = cJSON_GetObjectItemCaseSensitive(request, "filter");

	if (outbox_filter_from_json(filter, &t->filter, e) != 0)
		return -1;
	if (outbox_filter_is_empty(&t->filter))
		return err_set(e, ERR_INPUT, "an operation needs a filter");
	t->operation.filter = &t->filter;
	return 0;
}

static int
read_undo(struct operate_task *t, const cJSON *request, struct err *e)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");

	if (!cJSON_IsString(id)
	    || number_parse(id->valuestring, 1, INT64_MAX, &t->operation.undoes) != 0)
		return err_set(e, ERR_INPUT, "an undo needs the id of an operation, as a text");
	t->task.exchange = &exchange_undo;
	return 0;
}

static int
parse(struct task *task, const cJSON *request, struct err *e)
{
	struct operate_task *t = (struct operate_task *)task;
	struct slice verb = request_read_verb(request);
	int rc;

	outbox_filter_init(&t->filter);
	if (verb.p == NULL || operate_verb_parse(verb, &t->operation.verb) != 0)
		return request_refuse_verb(verb, e);
	rc = t->operation.verb == OPERATE_UNDO ? read_undo(t, request, e)
					       : read_filter(t, request, e);
	if (rc != 0 || request_read_text(request, "note", &t->note, e) != 0)
		return -1;
	t->operation.actor = task->actor;
	t->operation.note = t->note;
	task->msg = &t->operation.msg;
	return 0;
}

static void
free_task(struct task *task)
{
	struct operate_task *t = (struct operate_task *)task;

	outbox_filter_free(&t->filter);
	free(t->note);
}

const struct request_kind request_operate = {
	.exchange = &exchange_operate,
	.size = sizeof(struct operate_task),
	.parse = parse,
	.free = free_task,
};
