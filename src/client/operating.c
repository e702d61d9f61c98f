#include "client/operating.h"

#include <cjson/cJSON.h>
#include <signal.h>

#include "client/control_client.h"
#include "client/offline.h"
#include "term/progress.h"

#define LINE_TIMEOUT_MS 60000 /* a slice of the operation is much faster */

static int
add_selection(cJSON *request, const struct outbox_operation *op)
{
	struct buf filter;
	int rc = 0;

	if (op->verb == OPERATE_UNDO)
		return cJSON_AddNumberToObject(request, "id", (double)op->undoes) == NULL ? -1 : 0;
	buf_init(&filter, FILTER_MAX_JSON);
	outbox_filter_to_json(op->filter, &filter);
	/* Without its filter the daemon refuses the request: nothing can be lost here. */
	if (filter.failed || cJSON_AddRawToObject(request, "filter", filter.p) == NULL)
		rc = -1;
	buf_free(&filter);
	return rc;
}

static cJSON *
make_request(const struct outbox_operation *op, struct err *e)
{
	cJSON *request = cJSON_CreateObject();

	cJSON_AddStringToObject(request, "do", "operate");
	cJSON_AddStringToObject(request, "verb", operate_verb_name(op->verb));
	if (op->note != NULL)
		cJSON_AddStringToObject(request, "note", op->note);
	if (add_selection(request, op) != 0) {
		cJSON_Delete(request);
		err_nomem(e);
		return NULL;
	}
	return request;
}

static void
read_answer(const cJSON *answer, struct outbox_operation *op)
{
	op->n_events = control_answer_number(answer, "events");
	op->operation_id = control_answer_number(answer, "operation_id");
	op->left = (struct undo_left){
		.delivered = control_answer_number(answer, "delivered"),
		.settled = control_answer_number(answer, "settled"),
		.changed = control_answer_number(answer, "changed"),
		.changed_by = control_answer_number(answer, "changed_by"),
		.undone = control_answer_number(answer, "undone"),
		.gone = control_answer_number(answer, "gone"),
	};
}

static int
call(struct control_client *client, struct outbox_operation *op, struct progress *p, struct err *e)
{
	cJSON *request = make_request(op, e), *answer;
	int rc;

	if (request == NULL)
		return -1;
	control_client_on_progress(client, progress_tell, p);
	rc = control_client_call(client, request, LINE_TIMEOUT_MS, &answer, e);
	if (rc == 0) {
		read_answer(answer, op);
		cJSON_Delete(answer);
	}
	cJSON_Delete(request);
	return rc;
}

/* ---- Ctrl-C --------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;

static void
stop(int number)
{
	(void)number;
	stopped = 1;
}

/* What is done so far is an operation all the same. */
static int
tell_stopped(const struct outbox_operation *op, struct err *e)
{
	if (op->operation_id != 0)
		return err_set(e, ERR_STATE,
		    "interrupted: %lld event%s %s until then, bentospool undo %lld takes that back",
		    (long long)op->n_events, op->n_events == 1 ? "" : "s",
		    operate_verb_past(op->verb), (long long)op->operation_id);
	return -1; /* as the client tells */
}

static int
run_offline(const struct config *c, struct outbox_operation *op, struct progress *p, struct err *e)
{
	char actor[64];
	int rc;

	offline_actor(actor, sizeof(actor));
	op->actor = actor;
	rc = offline_operate(c, op, p, &stopped, e);
	op->actor = NULL;
	return rc;
}

int
operating_run(const struct config *c, struct outbox_operation *op, int64_t all, struct err *e)
{
	struct progress p = { .what = operate_verb_past(op->verb), .all = all };
	const struct sigaction note = { .sa_handler = stop };
	struct control_client *client;
	struct sigaction before;
	int rc;

	stopped = 0;
	sigaction(SIGINT, &note, &before);
	if (control_client_open(c->control, &client, e) == 0) {
		control_client_stop_on(client, &stopped);
		rc = call(client, op, &p, e);
		control_client_close(client);
	} else {
		rc = e->code == ERR_NOTFOUND ? run_offline(c, op, &p, e) : -1;
	}
	progress_end(&p);
	sigaction(SIGINT, &before, NULL);
	return stopped && (rc != 0 || op->more) ? tell_stopped(op, e) : rc;
}
