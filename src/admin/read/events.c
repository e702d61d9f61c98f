/* One page and, for the first one, the number of all that match. Both share one budget. */
#include "admin/read/events.h"

#include <cjson/cJSON.h>

#include "admin/body_json.h"
#include "admin/read/criteria.h"
#include "admin/read/reading.h"
#include "report/event_json.h"

struct query {
	struct outbox_filter filter;
	struct audit_search search;
	bool counts; /* it is the first page */
};

static void
add_event(void *arg, const struct audit_event *event)
{
	cJSON_AddItemToArray(arg, event_json(event, JSON_PAGE));
}

static void
add_cursor(cJSON *to, const char *name, int64_t id, bool there)
{
	if (there)
		json_add_id(to, name, id, JSON_PAGE);
	else
		cJSON_AddNullToObject(to, name);
}

static int
read_query(const struct params *p, struct query *q, struct err *e)
{
	int64_t limit = EVENTS_LIMIT;

	if (criteria_parse(p, &q->filter, e) != 0
	    || params_number(p, "before", 1, INT64_MAX, &q->search.before, e) != 0
	    || params_number(p, "limit", 1, EVENTS_LIMIT_MAX, &limit, e) != 0)
		return -1;
	q->search.rows = (size_t)limit;
	q->counts = q->search.before == 0;
	return 0;
}

static int
add_count(struct reading *g, const struct query *q, cJSON *to, struct err *e)
{
	struct audit_number number = { 0 };

	if (!q->counts) {
		cJSON_AddNullToObject(to, "count");
	} else {
		if (outbox_audit_number(g->audit, &q->filter, EVENTS_COUNT, &g->budget, &number, e)
		    != 0)
			return -1;
		json_add_id(to, "count", number.events, JSON_PAGE);
	}
	cJSON_AddBoolToObject(to, "count_more", number.more);
	return 0;
}

static void
answer(const struct admin_request *r, struct query *q, struct admin_reply *reply)
{
	cJSON *o, *list;
	struct reading g;
	struct err e;

	if (reading_begin(&g, r, reply) != 0)
		return;
	o = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(o, "events");
	if (outbox_audit_search(g.audit, &q->filter, &q->search, &g.budget, add_event, list, &e)
		!= 0
	    || add_count(&g, q, o, &e) != 0) {
		cJSON_Delete(o);
		reading_failed(&g, reply, &e);
		return;
	}
	add_cursor(o, "before", q->search.next, q->search.next != 0);
	add_cursor(o, "searched_to", q->search.next, q->search.stopped);
	body_json_print(reply, o);
}

void
events_get(const struct admin_request *r, struct admin_reply *reply)
{
	static const char *const known[] = { CRITERIA_NAMES, "before", "limit", NULL };
	struct query q = { 0 };
	struct params p;
	struct err e;

	if (reading_params(r, reply, known, &p) != 0)
		return;
	outbox_filter_init(&q.filter);
	if (read_query(&p, &q, &e) != 0)
		reading_refuse(reply, &e);
	else
		answer(r, &q, reply);
	outbox_filter_free(&q.filter);
}
