/*
 * One request: the sites' gauges from the database, the minutes and the storage's health from
 * memory, the sizes of files. Without memory the reply has failed; it says every other failure.
 */
#include "admin/overview.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/read/facts.h"
#include "admin/read/storage.h"
#include "admin/state.h"
#include "base/version.h"
#include "outbox/meters.h"

#define HOUR 60 /* minutes */
#define DAY 24  /* hours */

/* ---- minutes --------------------------------------------------------------------------------- */

static uint64_t
received(const struct meters *m)
{
	size_t n = atomic_load(&m->n_sites);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		for (int kind = 0; kind < KIND_COUNT; kind++)
			sum += meters_get(&m->sites[i].received[kind]);
	return sum;
}

static uint64_t
delivered(const struct outbox *o)
{
	struct tally_row rows[TALLY_MAX];
	size_t n = outbox_finished(o, rows);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i].status == STATUS_DELIVERED)
			sum += rows[i].events;
	return sum;
}

static struct minutes_totals
totals(const struct admin *a)
{
	return (
	    struct minutes_totals){ received(outbox_meters(a->o.outbox)), delivered(a->o.outbox) };
}

void
overview_begin(struct admin *a)
{
	minutes_begin(&a->minutes, clock_mono(a->o.clock), totals(a));
}

void
overview_sample(struct admin *a)
{
	minutes_sample(&a->minutes, clock_mono(a->o.clock), totals(a));
	storage_sample(a);
}

static void
add_number(cJSON *list, int64_t n)
{
	cJSON_AddItemToArray(
	    list, n == MINUTES_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateNumber((double)n));
}

/* Adds `n` sums of `width` minutes each, the oldest first. */
static void
add_series(cJSON *to, const char *name, const struct minutes *m, int n, int width)
{
	cJSON *o = cJSON_AddObjectToObject(to, name);
	cJSON *in = cJSON_AddArrayToObject(o, "received");
	cJSON *out = cJSON_AddArrayToObject(o, "delivered");

	for (int i = n - 1; i >= 0; i--) {
		struct minutes_sum sum = minutes_sum(m, i * width, width);

		add_number(in, sum.received);
		add_number(out, sum.delivered);
	}
}

/* ---- sites ----------------------------------------------------------------------------------- */

static void
add_int64(cJSON *to, const char *name, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	cJSON_AddStringToObject(to, name, text);
}

static const char *
state_name(const struct audit_site *site)
{
	if (site->pause_at != 0 || site->mode == OUTBOX_SITE_PAUSED)
		return "paused";
	return site->mode == OUTBOX_SITE_BACKOFF ? "backoff" : "ready";
}

static cJSON *
site_json(struct admin *a, const struct audit_site *site, bool known)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *counts = cJSON_AddObjectToObject(o, "counts");

	cJSON_AddStringToObject(o, "site", site->name);
	cJSON_AddStringToObject(o, "state", state_name(site));
	/* These name a person, or may quote one. */
	cJSON_AddStringToObject(o, "reason", known ? site->reason : "");
	cJSON_AddStringToObject(o, "paused_by", known ? site->pause_by : "");
	cJSON_AddStringToObject(o, "pause_note", known ? site->pause_note : "");
	cJSON_AddNumberToObject(o, "failures", (double)site->failures);
	cJSON_AddNumberToObject(o, "next_attempt_at", (double)site->next_attempt_at);
	cJSON_AddNumberToObject(o, "unready_since", (double)site->unready_since);
	cJSON_AddNumberToObject(o, "paused_at", (double)site->pause_at);
	for (int i = 0; i < STATUS_COUNT; i++)
		add_int64(counts, status_name((enum event_status)i), site->counts[i]);
	add_int64(o, "oldest_pending_id", site->oldest_pending_id);
	cJSON_AddNumberToObject(o, "oldest_pending_at", (double)site->oldest_pending_at);
	cJSON_AddItemToObject(o, "forecast", facts_forecast(&a->facts, site, admin_config(a)));
	return o;
}

/* Reads the gauges, and the facts that are too old. Returns -1, with e set, when the database
 * cannot be read. */
static int
read_sites(struct admin *a, struct audit_site **ret_sites, size_t *ret_n, struct err *e)
{
	struct outbox_audit *audit = admin_audit(a, e);

	if (audit == NULL || outbox_audit_gauges(audit, ret_sites, ret_n, e) != 0)
		return -1;
	if (facts_look(&a->facts, a, audit, *ret_sites, *ret_n, e) == 0)
		return 0;
	free(*ret_sites);
	*ret_sites = NULL;
	*ret_n = 0;
	return -1;
}

/* Adds the sites, or null when the database cannot be read, the boxes, and what needs attention.
 * known: somebody who has logged in asks. */
static void
add_sites(cJSON *to, struct admin *a, bool known)
{
	struct audit_site *sites = NULL;
	size_t n = 0;
	struct err e;
	cJSON *list;

	if (read_sites(a, &sites, &n, &e) != 0) {
		admin_audit_failed(a, &e);
		cJSON_AddNullToObject(to, "sites");
	} else {
		list = cJSON_AddArrayToObject(to, "sites");
		for (size_t i = 0; i < n; i++)
			cJSON_AddItemToArray(list, site_json(a, &sites[i], known));
	}
	cJSON_AddItemToObject(to, "boxes", facts_boxes(&a->facts, sites, n));
	facts_add_needs(&a->facts, a, sites, n, known, to);
	free(sites);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

void
overview_get(const struct admin_request *r, struct admin_reply *reply)
{
	cJSON *o = cJSON_CreateObject();
	char *text;

	overview_sample(r->admin);
	cJSON_AddStringToObject(o, "version", VERSION_NUMBER);
	cJSON_AddNumberToObject(o, "now", (double)clock_wall(r->admin->o.clock));
	cJSON_AddNumberToObject(o, "started_at", (double)r->admin->started_ms);
	cJSON_AddBoolToObject(o, "stopping", atomic_load(&r->admin->stopping));
	cJSON_AddBoolToObject(o, "reload_failed", atomic_load(&r->admin->reload_failed));
	storage_add(o, r->admin);
	add_sites(o, r->admin, r->person.level >= WHO_READS);
	add_series(o, "hour", &r->admin->minutes, HOUR, 1);
	add_series(o, "day", &r->admin->minutes, DAY, HOUR);
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	reply->type = "application/json";
	reply->body.failed |= text == NULL;
	if (text != NULL)
		buf_append(&reply->body, text, strlen(text));
	cJSON_free(text);
}
