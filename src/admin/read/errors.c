/* The groups are those of the verb `errors`, within a budget. */
#include "admin/read/errors.h"

#include <cjson/cJSON.h>

#include "admin/body_json.h"
#include "admin/read/criteria.h"
#include "admin/read/reading.h"
#include "report/complaints.h"
#include "report/tally.h"

static void
print(const struct tally *tally, bool complete, struct admin_reply *reply)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(o, "errors");
	size_t n = tally_count(tally);

	for (size_t i = 0; i < n && i < ERRORS_GROUPS; i++)
		cJSON_AddItemToArray(list, complaint_json(tally_value(tally, i), JSON_PAGE));
	json_add_id(o, "groups", (int64_t)n, JSON_PAGE);
	cJSON_AddBoolToObject(o, "complete", complete);
	body_json_print(reply, o);
}

static void
answer(const struct admin_request *r, const struct outbox_filter *f, struct admin_reply *reply)
{
	struct reading g;
	struct tally *tally;
	bool complete;
	struct err e;

	if (reading_begin(&g, r, reply) != 0)
		return;
	if (complaints_collect_recent(g.audit, f, &g.budget, &tally, &complete, &e) != 0) {
		reading_failed(&g, reply, &e);
		return;
	}
	print(tally, complete, reply);
	tally_free(tally);
}

void
errors_get(const struct admin_request *r, struct admin_reply *reply)
{
	static const char *const known[] = { CRITERIA_NAMES, NULL };
	struct outbox_filter f;
	struct params p;
	struct err e;

	if (reading_params(r, reply, known, &p) != 0)
		return;
	outbox_filter_init(&f);
	if (criteria_parse(&p, &f, &e) != 0)
		reading_refuse(reply, &e);
	else
		answer(r, &f, reply);
	outbox_filter_free(&f);
}
