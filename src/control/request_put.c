/*
 * put: stores the test event of `bentospool send` as if a server had posted it to the site. The
 * event is read and checked as by that site's listener, and refused in the same cases.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"
#include "event/segment/segment.h"

struct put_task {
	struct task task;
	struct outbox_put put;
	struct segment_request request;
	char *event; /* the memory that the request's slices point into */
};

static void
write_results(const struct outbox_msg *msg, cJSON *answer)
{
	const struct outbox_put *put = (const struct outbox_put *)msg;

	cJSON_AddNumberToObject(answer, "stored", (double)put->n_stored);
	cJSON_AddNumberToObject(answer, "duplicates", (double)put->n_duplicates);
	cJSON_AddNumberToObject(answer, "event_id", (double)put->first_event_id);
}

static const struct result_field no_fields[] = { RESULTS_END };

static const struct exchange exchange_put = {
	.request = "put",
	.type = OUTBOX_PUT,
	.results = no_fields,
	.write_more = write_results,
};

/* Without a name, finds the only site. */
static int
find_site(const struct control_options *o, const char *name, int64_t *ret_site_id, struct err *e)
{
	if (name == NULL && o->n_sites != 1)
		return err_set(
		    e, ERR_INPUT, "the daemon has %zu sites: choose one with --site", o->n_sites);
	for (size_t i = 0; i < o->n_sites; i++)
		if (name == NULL || strcmp(name, o->sites[i].name) == 0) {
			*ret_site_id = o->sites[i].site_id;
			return 0;
		}
	/* not ERR_NOTFOUND, which a client reads as: there is no daemon */
	return err_set(e, ERR_INPUT,
	    "the daemon has no site \"%.64s\": bentospool status lists the sites", name);
}

static int
read_site(const struct control_options *o, const cJSON *request, int64_t *ret_id, struct err *e)
{
	char *name = NULL;
	int rc;

	if (request_read_text(request, "site", &name, e) != 0)
		return -1;
	rc = find_site(o, name, ret_id, e);
	free(name);
	return rc;
}

static int
parse(struct task *task, const cJSON *request, struct err *e)
{
	struct put_task *t = (struct put_task *)task;
	const struct control_options *o = &task->control->options;

	segment_request_init(&t->request);
	if (read_site(o, request, &t->put.site_id, e) != 0
	    || request_read_text(request, "event", &t->event, e) != 0)
		return -1;
	if (t->event == NULL)
		return err_set(e, ERR_INPUT, "put needs an event (a string that contains JSON)");
	t->request.body = slice_from(t->event);
	if (o->admit(o->admit_arg, t->put.site_id, &t->request, e) != 0)
		return -1;
	t->put.msg.mail.cost = t->request.body.n;
	t->put.received_at = t->request.received_at;
	t->put.events = t->request.events;
	t->put.n_events = t->request.n_events;
	task->msg = &t->put.msg;
	return 0;
}

static void
free_task(struct task *task)
{
	struct put_task *t = (struct put_task *)task;

	segment_request_free(&t->request);
	free(t->event);
}

const struct request_kind request_put = {
	.exchange = &exchange_put,
	.size = sizeof(struct put_task),
	.parse = parse,
	.free = free_task,
};
