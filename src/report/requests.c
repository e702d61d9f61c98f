/*
 * Prints requests by outcome, in words and as JSON. The daemon updates the numbers in the database
 * every second.
 */
#include "report/requests.h"

#include <cjson/cJSON.h>

#include "base/plural.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
#define REASONS_SHOWN 4

int
requests_report_read(
    struct outbox_audit *audit, int64_t now, struct requests_report *ret_report, struct err *e)
{
	if (outbox_audit_intake(audit, now - HOUR_MS, &ret_report->hour, e) != 0)
		return -1;
	return outbox_audit_intake(audit, now - now % DAY_MS, &ret_report->day, e);
}

static void
describe_reasons(const struct audit_intake *r, struct buf *to)
{
	for (size_t i = 0; i < r->n_reasons && i < REASONS_SHOWN; i++)
		buf_printf(to, "%s%lld %s", i == 0 ? " (" : ", ", (long long)r->reasons[i].requests,
		    r->reasons[i].reason);
	if (r->n_reasons > REASONS_SHOWN)
		buf_append_literal(to, ", ...");
	if (r->n_reasons > 0)
		buf_append_byte(to, ')');
}

void
requests_report_describe(const struct requests_report *r, struct buf *to)
{
	buf_printf(to, "%lld accepted, %lld refused in the last hour", (long long)r->hour.accepted,
	    (long long)r->hour.refused);
	describe_reasons(&r->hour, to);
	if (r->day.refused > r->hour.refused)
		buf_printf(to, "; %lld refused today", (long long)r->day.refused);
	if (r->day.reused > 0)
		buf_printf(to, "; %lld event%s today with a known messageId and other content",
		    (long long)r->day.reused, words_plural(r->day.reused));
}

static cJSON *
counts_json(const struct audit_intake *r)
{
	cJSON *o = cJSON_CreateObject(), *reasons;

	cJSON_AddNumberToObject(o, "accepted_requests", (double)r->accepted);
	cJSON_AddNumberToObject(o, "refused_requests", (double)r->refused);
	reasons = cJSON_AddObjectToObject(o, "reasons");
	for (size_t i = 0; i < r->n_reasons; i++)
		cJSON_AddNumberToObject(
		    reasons, r->reasons[i].reason, (double)r->reasons[i].requests);
	cJSON_AddNumberToObject(o, "message_id_reused", (double)r->reused);
	return o;
}

cJSON *
requests_report_json(const struct requests_report *r)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddItemToObject(o, "last_hour", counts_json(&r->hour));
	cJSON_AddItemToObject(o, "today", counts_json(&r->day));
	return o;
}

bool
requests_report_problem(const struct requests_report *r, int percent, struct buf *to)
{
	int64_t all = r->hour.accepted + r->hour.refused;

	if (percent >= 100 || r->hour.refused < REQUESTS_FEW
	    || r->hour.refused * 100 <= all * percent)
		return false;
	buf_printf(to, "%lld of %lld requests were refused in the last hour",
	    (long long)r->hour.refused, (long long)all);
	describe_reasons(&r->hour, to);
	buf_append_literal(to, ": see the log for the clients");
	return true;
}
