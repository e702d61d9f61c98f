/*
 * purge: applies retention now. The daemon's settings and its record of the clocks decide what is
 * removed. It runs in steps. When the client hangs up it ends after the current step: the hourly
 * pass removes the rest.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"
#include "outbox/operate/purge.h"

struct purge_task {
	struct task task;
	struct outbox_purge purge;
	struct purge_limits limits;
	char *archive;
};

/* ---- the client's end ------------------------------------------------------------------------ */

static int
write_request(const struct outbox_msg *msg, cJSON *request)
{
	const struct outbox_purge *purge = (const struct outbox_purge *)msg;

	return exchange_add_flag(request, "dry_run", purge->dry_run);
}

static bool
step(const struct outbox_msg *msg, int64_t *ret_done)
{
	const struct outbox_purge *purge = (const struct outbox_purge *)msg;

	*ret_done = purge->n_payloads + purge->n_rows;
	return purge->more;
}

static const struct result_field results[] = {
	RESULT(struct outbox_purge, "payloads", n_payloads),
	RESULT(struct outbox_purge, "rows", n_rows),
	RESULT_ID(struct outbox_purge, "operation_id", operation_id),
	RESULTS_END,
};

const struct exchange exchange_purge = {
	.request = "purge",
	.type = OUTBOX_PURGE,
	.results = results,
	.write = write_request,
	.step = step,
};

/* ---- the daemon's end ------------------------------------------------------------------------ */

static int
parse(struct task *task, const cJSON *request, struct err *e)
{
	struct purge_task *t = (struct purge_task *)task;
	const struct control_options *o = &task->control->options;
	const char *archive;

	o->limits(o->limits_arg, &t->limits, &archive);
	t->archive = strdup(archive); /* a reload may free it meanwhile */
	if (t->archive == NULL)
		return err_nomem(e);
	t->purge.limits = &t->limits;
	t->purge.archive = t->archive;
	t->purge.actor = task->actor;
	t->purge.dry_run = request_read_flag(request, "dry_run");
	task->msg = &t->purge.msg;
	return 0;
}

static void
free_task(struct task *task)
{
	free(((struct purge_task *)task)->archive);
}

const struct request_kind request_purge = {
	.exchange = &exchange_purge,
	.size = sizeof(struct purge_task),
	.parse = parse,
	.free = free_task,
};
