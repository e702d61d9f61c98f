/*
 * erase: removes a person from the whole database. It runs in steps, and continues to its end when
 * the client hangs up: half an erasure would leave the person in the database.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "control/control_private.h"
#include "outbox/operate/erase.h"

struct erase_task {
	struct task task;
	struct outbox_erase erase;
	char *email;
};

/* ---- the client's end ------------------------------------------------------------------------ */

static int
write_request(const struct outbox_msg *msg, cJSON *request)
{
	const struct outbox_erase *erase = (const struct outbox_erase *)msg;

	if (exchange_add_text(request, "email", erase->email) != 0)
		return -1;
	return exchange_add_flag(request, "dry_run", erase->dry_run);
}

static bool
step(const struct outbox_msg *msg, int64_t *ret_done)
{
	const struct outbox_erase *erase = (const struct outbox_erase *)msg;

	*ret_done = erase->n_events + erase->n_quotes;
	return erase->more;
}

static const struct result_field results[] = {
	RESULT(struct outbox_erase, "events", n_events),
	RESULT(struct outbox_erase, "discarded", n_discarded),
	RESULT(struct outbox_erase, "quotes", n_quotes),
	RESULT_ID(struct outbox_erase, "operation_id", operation_id),
	RESULTS_END,
};

const struct exchange exchange_erase = {
	.request = "erase",
	.type = OUTBOX_ERASE,
	.results = results,
	.write = write_request,
	.step = step,
};

/* ---- the daemon's end ------------------------------------------------------------------------ */

static int
parse(struct task *task, const cJSON *request, struct err *e)
{
	struct erase_task *t = (struct erase_task *)task;

	if (request_read_text(request, "email", &t->email, e) != 0)
		return -1;
	if (t->email == NULL)
		return err_set(e, ERR_INPUT, "erase needs an email");
	t->erase.email = t->email;
	t->erase.actor = task->actor;
	t->erase.dry_run = request_read_flag(request, "dry_run");
	task->msg = &t->erase.msg;
	return 0;
}

static void
free_task(struct task *task)
{
	free(((struct erase_task *)task)->email);
}

const struct request_kind request_erase = {
	.exchange = &exchange_erase,
	.size = sizeof(struct erase_task),
	.parse = parse,
	.free = free_task,
	.outlives_client = true,
};
