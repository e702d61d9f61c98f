/*
 * One event by its id. The report and the story are those of `show` and `history`. Bodies are
 * answered as text/plain with nosniff, so that no browser takes them for a page.
 */
#include "admin/read/event.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

#include "admin/body_json.h"
#include "admin/read/reading.h"
#include "report/event_report.h"
#include "report/story.h"

#define TEXT_TYPE "text/plain; charset=utf-8"

/* ---- the report ------------------------------------------------------------------------------ */

/* Returns -1 after refusing the request; in any case the caller frees the report. */
static int
collect(struct reading *g, const struct admin_request *r, struct admin_reply *reply,
    int64_t *ret_id, struct event_report *report)
{
	struct err e;
	int rc;

	*report = (struct event_report){ .form = JSON_PAGE };
	if (reading_id(r, reply, ret_id) != 0 || reading_begin(g, r, reply) != 0)
		return -1;
	rc = event_report_collect(report, g->audit, *ret_id, admin_config(r->admin), NULL, &e);
	if (rc < 0)
		reading_failed(g, reply, &e);
	else if (rc == 0)
		reading_not_found(reply, "event", *ret_id);
	return rc == 1 ? 0 : -1;
}

static cJSON *
sent_json(const struct event_report *report)
{
	cJSON *o = cJSON_CreateObject();
	bool possible = report->cannot == NULL;

	cJSON_AddBoolToObject(o, "possible", possible);
	if (possible) {
		cJSON_AddNullToObject(o, "cannot");
		cJSON_AddNumberToObject(o, "bytes", (double)report->sent.n);
	} else {
		cJSON_AddStringToObject(o, "cannot", report->cannot);
		cJSON_AddNullToObject(o, "bytes");
	}
	/* The settings of an attempt that sent it, or may have sent it, are known. */
	cJSON_AddBoolToObject(o, "exact", report->attempt_id != 0);
	if (report->attempt_id != 0)
		json_add_id(o, "attempt_id", report->attempt_id, JSON_PAGE);
	else
		cJSON_AddNullToObject(o, "attempt_id");
	cJSON_AddStringToObject(o, "to", report->peer);
	return o;
}

/* ---- the timeline ---------------------------------------------------------------------------- */

static cJSON *
moment_json(struct moment *m)
{
	static const char *const looks[] = {
		[MOMENT_PLAIN] = "plain",
		[MOMENT_GOOD] = "good",
		[MOMENT_WAITING] = "waiting",
		[MOMENT_BAD] = "bad",
	};
	cJSON *o = cJSON_CreateObject();

	json_add_at(o, "at", m->at, JSON_PAGE);
	cJSON_AddStringToObject(o, "what", moment_name(m->type));
	cJSON_AddStringToObject(o, "title", m->title);
	cJSON_AddStringToObject(o, "words", m->words);
	cJSON_AddStringToObject(o, "look", looks[m->look]);
	story_take_facts(m, o);
	return o;
}

/* Returns 1, 0 when the event was removed in the meantime, or -1 on an error. */
static int
add_timeline(struct reading *g, int64_t id, cJSON *to, struct err *e)
{
	cJSON *list = cJSON_AddArrayToObject(to, "timeline");
	struct story s;
	int rc = story_collect(&s, g->audit, id, JSON_PAGE, e);

	for (size_t i = 0; rc == 1 && i < s.n; i++)
		cJSON_AddItemToArray(list, moment_json(&s.moments[i]));
	story_free(&s);
	return rc;
}

/* ---- the routes ------------------------------------------------------------------------------ */

static void
answer(struct reading *g, int64_t id, struct event_report *report, struct admin_reply *reply)
{
	cJSON *o = cJSON_CreateObject();
	struct err e;
	int rc;

	/* The timeline has the attempts and the operations. */
	cJSON_DeleteItemFromObject(report->json, "history");
	cJSON_DeleteItemFromObject(report->json, "operations");
	cJSON_AddItemToObject(o, "event", report->json);
	report->json = NULL;
	rc = add_timeline(g, id, o, &e);
	if (report->has_body)
		cJSON_AddNumberToObject(o, "body_bytes", (double)report->body.n);
	else
		cJSON_AddNullToObject(o, "body_bytes");
	cJSON_AddItemToObject(o, "sent", sent_json(report));
	if (rc == 1) {
		body_json_print(reply, o);
		return;
	}
	cJSON_Delete(o);
	if (rc < 0)
		reading_failed(g, reply, &e);
	else
		reading_not_found(reply, "event", id);
}

void
event_get(const struct admin_request *r, struct admin_reply *reply)
{
	struct event_report report;
	struct reading g;
	int64_t id;

	if (collect(&g, r, reply, &id, &report) == 0)
		answer(&g, id, &report, reply);
	event_report_free(&report);
}

void
event_get_body(const struct admin_request *r, struct admin_reply *reply)
{
	struct event_report report;
	struct reading g;
	int64_t id;

	if (collect(&g, r, reply, &id, &report) == 0) {
		if (report.has_body) {
			reply->type = TEXT_TYPE;
			buf_append_slice(&reply->body, buf_slice(&report.body));
		} else {
			admin_reply_refuse(reply, 404, "body_removed",
			    "retention removed the body of event %" PRId64, id);
		}
	}
	event_report_free(&report);
}

void
event_get_sent(const struct admin_request *r, struct admin_reply *reply)
{
	struct event_report report;
	struct reading g;
	int64_t id;

	if (collect(&g, r, reply, &id, &report) == 0) {
		if (report.cannot == NULL) {
			reply->type = TEXT_TYPE;
			buf_append_slice(&reply->body, buf_slice(&report.sent));
		} else {
			admin_reply_refuse(reply, 404, "not_sendable",
			    "nothing can be sent for event %" PRId64 ": %s", id, report.cannot);
		}
	}
	event_report_free(&report);
}
