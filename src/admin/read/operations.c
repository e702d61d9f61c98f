/* One page of operations. A row more than a page is read, to know whether there are older ones. */
#include "admin/read/operations.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

#include "admin/body_json.h"
#include "admin/read/reading.h"
#include "report/event_json.h"

struct page {
	cJSON *list;
	size_t n; /* operations, with one more than a page has */
	size_t read;
};

struct one {
	int64_t id, events;
	cJSON *to;
};

static void
add_operation(void *arg, const struct audit_operation_row *row)
{
	struct page *p = arg;

	if (p->n++ < OPERATIONS_PAGE)
		cJSON_AddItemToArray(p->list, operation_row_json(row, JSON_PAGE));
}

void
operations_get(const struct admin_request *r, struct admin_reply *reply)
{
	static const char *const known[] = { "before", NULL };
	int64_t before = INT64_MAX;
	struct page p = { 0 };
	struct reading g;
	struct params q;
	struct err e;
	cJSON *o;

	if (reading_params(r, reply, known, &q) != 0)
		return;
	if (params_number(&q, "before", 1, INT64_MAX, &before, &e) != 0) {
		reading_refuse(reply, &e);
		return;
	}
	if (reading_begin(&g, r, reply) != 0)
		return;
	o = cJSON_CreateObject();
	p.list = cJSON_AddArrayToObject(o, "operations");
	if (outbox_audit_operation_list(
		g.audit, before, OPERATIONS_PAGE + 1, add_operation, &p, &p.read, &e)
	    != 0) {
		cJSON_Delete(o);
		reading_failed(&g, reply, &e);
		return;
	}
	cJSON_AddBoolToObject(o, "more", p.n > OPERATIONS_PAGE);
	body_json_print(reply, o);
}

/* ---- one operation --------------------------------------------------------------------------- */

static void
add_one(void *arg, const struct audit_operation_row *row)
{
	struct one *one = arg;

	/* An older one comes first when there is none with that id. */
	if (row->operation_id != one->id)
		return;
	one->events = row->events;
	cJSON_AddItemToObject(one->to, "operation", operation_row_json(row, JSON_PAGE));
}

static void
add_before(cJSON *to, const struct audit_before *before)
{
	cJSON *counts = cJSON_AddObjectToObject(to, "before");
	cJSON *sample = cJSON_AddArrayToObject(to, "sample");
	char id[24];

	for (int i = 0; i < STATUS_COUNT; i++)
		if (before->counts[i] > 0)
			json_add_id(counts, status_name((enum event_status)i), before->counts[i],
			    JSON_PAGE);
	for (size_t i = 0; i < before->n_sample; i++) {
		snprintf(id, sizeof(id), "%" PRId64, before->sample[i]);
		cJSON_AddItemToArray(sample, cJSON_CreateString(id));
	}
}

/* Answers with what the operation's events were before, unless there are too many to count now. */
static int
add_states(struct reading *g, struct one *one, struct err *e)
{
	struct audit_before before;

	if (one->events > OPERATIONS_COUNTED) {
		cJSON_AddNullToObject(one->to, "before");
		cJSON_AddNullToObject(one->to, "sample");
		return 0;
	}
	if (outbox_audit_operation_before(g->audit, one->id, &before, e) != 0)
		return -1;
	add_before(one->to, &before);
	return 0;
}

static int
read_one(struct reading *g, struct one *one, struct err *e)
{
	int64_t before = one->id == INT64_MAX ? one->id : one->id + 1;
	size_t n;

	if (outbox_audit_operation_list(g->audit, before, 1, add_one, one, &n, e) != 0)
		return -1;
	if (cJSON_GetObjectItem(one->to, "operation") == NULL)
		return 0;
	return add_states(g, one, e) == 0 ? 1 : -1;
}

void
operations_get_one(const struct admin_request *r, struct admin_reply *reply)
{
	struct one one = { 0 };
	struct reading g;
	struct err e;
	int rc;

	if (reading_id(r, reply, &one.id) != 0 || reading_begin(&g, r, reply) != 0)
		return;
	one.to = cJSON_CreateObject();
	rc = read_one(&g, &one, &e);
	if (rc == 1) {
		body_json_print(reply, one.to);
		return;
	}
	cJSON_Delete(one.to);
	if (rc < 0)
		reading_failed(&g, reply, &e);
	else
		reading_not_found(reply, "operation", one.id);
}
