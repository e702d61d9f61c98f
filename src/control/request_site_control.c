/*
 * site_control: pauses, resumes or flushes one site or all of them. The writer records the change.
 * Then the running dispatcher makes it, even when the client has hung up, so that the dispatcher
 * never differs from the record. An unknown site is an error from the writer.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"
#include "outbox/operate/site_control.h"

struct site_control_task {
	struct task task;
	struct outbox_site_control message;
	char *site;
	char *note;
};

/* ---- the client's end ------------------------------------------------------------------------ */

static int
write_request(const struct outbox_msg *msg, cJSON *request)
{
	const struct outbox_site_control *s = (const struct outbox_site_control *)msg;

	if (exchange_add_text(request, "verb", site_control_verb_name(s->verb)) != 0
	    || exchange_add_text(request, "site", s->site) != 0)
		return -1;
	return exchange_add_text(request, "note", s->note);
}

static const struct result_field results[] = {
	RESULT(struct outbox_site_control, "sites", n_sites),
	RESULT(struct outbox_site_control, "paused", n_paused),
	RESULT_ID(struct outbox_site_control, "operation_id", operation_id),
	RESULTS_END,
};

const struct exchange exchange_site_control = {
	.request = "site_control",
	.type = OUTBOX_SITE_CONTROL,
	.results = results,
	.write = write_request,
};

/* ---- the daemon's end ------------------------------------------------------------------------ */

static int
parse(struct task *task, const cJSON *request, struct err *e)
{
	struct site_control_task *t = (struct site_control_task *)task;
	struct slice verb = request_read_verb(request);

	if (verb.p == NULL || site_control_verb_parse(verb, &t->message.verb) != 0)
		return request_refuse_verb(verb, e);
	if (request_read_text(request, "site", &t->site, e) != 0
	    || request_read_text(request, "note", &t->note, e) != 0)
		return -1;
	t->message.site = t->site;
	t->message.actor = task->actor;
	t->message.note = t->note;
	task->msg = &t->message.msg;
	return 0;
}

static void
tell_dispatcher(struct task *task)
{
	const struct site_control_task *t = (const struct site_control_task *)task;
	const struct control_options *o = &task->control->options;

	for (size_t i = 0; i < o->n_sites; i++)
		if (t->site == NULL || strcmp(t->site, o->sites[i].name) == 0)
			o->on_site_control(
			    o->on_site_control_arg, o->sites[i].site_id, t->message.verb);
}

static void
free_task(struct task *task)
{
	struct site_control_task *t = (struct site_control_task *)task;

	free(t->site);
	free(t->note);
}

const struct request_kind request_site_control = {
	.exchange = &exchange_site_control,
	.size = sizeof(struct site_control_task),
	.parse = parse,
	.committed = tell_dispatcher,
	.free = free_task,
};
