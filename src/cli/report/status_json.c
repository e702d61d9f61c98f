/* The status as one JSON object, for machines. */
#include <cjson/cJSON.h>

#include "base/clock.h"
#include "cli/report/boxes.h"
#include "cli/report/status.h"
#include "report/event_json.h"
#include "report/forecast.h"
#include "report/site_state.h"

static cJSON *
certificates_json(const struct peer *p)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < p->n_certificates; i++) {
		const struct peer_certificate *c = &p->certificates[i];
		cJSON *o = cJSON_CreateObject();

		cJSON_AddStringToObject(o, "listener", c->listener);
		cJSON_AddStringToObject(o, "name", c->use.name);
		json_add_time(o, "not_before", c->use.not_before);
		json_add_time(o, "not_after", c->use.not_after);
		if (c->fault[0] != '\0')
			cJSON_AddStringToObject(o, "fault", c->fault);
		else
			cJSON_AddNullToObject(o, "fault");
		cJSON_AddItemToArray(list, o);
	}
	return list;
}

static cJSON *
peer_json(const struct peer *p)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddBoolToObject(o, "running", p->state != PEER_DOWN);
	cJSON_AddBoolToObject(o, "answers", p->state == PEER_UP);
	if (p->pid > 0)
		cJSON_AddNumberToObject(o, "pid", (double)p->pid);
	if (p->state == PEER_UP) {
		cJSON_AddStringToObject(o, "version", p->version);
		json_add_time(o, "started_at", p->started_at);
		cJSON_AddStringToObject(o, "health", p->health);
		cJSON_AddStringToObject(o, "health_text", p->health_text);
		cJSON_AddItemToObject(o, "certificates", certificates_json(p));
	}
	return o;
}

static cJSON *
last_attempt_json(const struct audit_site *site)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "attempt_id", (double)site->last_attempt_id);
	json_add_time(o, "started_at", site->last_started_at);
	json_add_time(o, "finished_at", site->last_finished_at);
	if (site->last_outcome[0] != '\0')
		cJSON_AddStringToObject(o, "outcome", site->last_outcome);
	if (site->last_http_status != 0)
		cJSON_AddNumberToObject(o, "http_status", site->last_http_status);
	if (site->last_error[0] != '\0')
		cJSON_AddStringToObject(o, "error", site->last_error);
	return o;
}

static cJSON *
site_json(const struct status *s, const struct audit_site *site)
{
	cJSON *o = cJSON_CreateObject(), *counts;

	cJSON_AddStringToObject(o, "site", site->name);
	cJSON_AddStringToObject(o, "state", site_state_name(site->mode));
	cJSON_AddStringToObject(o, "reason", site->reason);
	cJSON_AddNumberToObject(o, "failures", (double)site->failures);
	json_add_time(o, "next_attempt_at", site->next_attempt_at);
	if (site->pause_at != 0) {
		json_add_time(o, "paused_at", site->pause_at);
		cJSON_AddStringToObject(o, "paused_by", site->pause_by);
		cJSON_AddStringToObject(o, "pause_note", site->pause_note);
	}
	counts = cJSON_AddObjectToObject(o, "counts");
	for (int i = 0; i < STATUS_COUNT; i++)
		cJSON_AddNumberToObject(
		    counts, status_name((enum event_status)i), (double)site->counts[i]);
	cJSON_AddNumberToObject(o, "awaiting_identity", (double)site->awaiting);
	cJSON_AddNumberToObject(o, "maybe_sent", (double)site->maybe_sent);
	cJSON_AddNumberToObject(o, "perhaps_twice", (double)site->perhaps_twice);
	if (site->oldest_pending_id != 0) {
		int64_t seconds = (s->now - site->oldest_pending_at) / 1000;

		cJSON_AddNumberToObject(o, "oldest_pending_id", (double)site->oldest_pending_id);
		json_add_time(o, "oldest_pending_at", site->oldest_pending_at);
		if (s->now < CLOCK_FLOOR) /* the clock is not set */
			cJSON_AddNullToObject(o, "oldest_pending_seconds");
		else
			cJSON_AddNumberToObject(o, "oldest_pending_seconds", (double)seconds);
	}
	forecast_json(&s->forecasts[site - s->sites], o);
	if (site->last_attempt_id != 0)
		cJSON_AddItemToObject(o, "last_attempt", last_attempt_json(site));
	return o;
}

cJSON *
status_json(const struct status *s)
{
	cJSON *o = cJSON_CreateObject(), *list;

	cJSON_AddItemToObject(o, "daemon", peer_json(&s->peer));
	if (s->host[0] != '\0') {
		cJSON_AddStringToObject(o, "host", s->host);
		cJSON_AddBoolToObject(o, "host_is_here", s->host_is_here);
	}
	cJSON_AddStringToObject(o, "database", s->config->database);
	cJSON_AddNumberToObject(o, "database_bytes", (double)s->database_bytes);
	cJSON_AddNumberToObject(o, "wal_bytes", (double)s->wal_bytes);
	cJSON_AddNumberToObject(o, "clock_unset_events", (double)s->clock_unset_events);
	if (s->free_bytes != UINT64_MAX)
		cJSON_AddNumberToObject(o, "free_bytes", (double)s->free_bytes);
	else
		cJSON_AddNullToObject(o, "free_bytes");
	cJSON_AddItemToObject(o, "requests", requests_report_json(&s->requests));
	list = cJSON_AddArrayToObject(o, "sites");
	for (size_t i = 0; i < s->n_sites; i++)
		cJSON_AddItemToArray(list, site_json(s, &s->sites[i]));
	cJSON_AddItemToObject(o, "boxes", boxes_json(s));
	list = cJSON_AddArrayToObject(o, "problems");
	for (size_t i = 0; i < s->needs.n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(s->needs.need[i].text));
	return o;
}
