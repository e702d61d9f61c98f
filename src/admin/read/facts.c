/* The sentences are those of report/needs, the forecasts those of report/forecast. */
#include "admin/read/facts.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "admin/state.h"
#include "report/event_json.h"
#include "report/forecast.h"
#include "report/listed.h"
#include "report/needs.h"
#include "tls/meter.h"

#define FORECAST_WORDS 256

/* ---- reading --------------------------------------------------------------------------------- */

void
facts_free(struct facts *f)
{
	free(f->boxes);
	free(f->rates);
	free(f->awaiting);
	*f = (struct facts){ 0 };
}

static int
read_rates(struct facts *f, struct outbox_audit *audit, const struct audit_site *sites, size_t n,
    int64_t wall, struct err *e)
{
	f->rates = calloc(n + 1, sizeof(*f->rates));
	f->awaiting = calloc(n + 1, sizeof(*f->awaiting));
	if (f->rates == NULL || f->awaiting == NULL)
		return err_nomem(e);
	f->n_sites = n;
	for (size_t i = 0; i < n; i++) {
		f->rates[i].site_id = sites[i].site_id;
		if (outbox_audit_awaiting(
			audit, sites[i].site_id, FACTS_AWAITING_MAX + 1, &f->awaiting[i], e)
		    != 0)
			return -1;
	}
	return outbox_audit_rates(audit, wall, f->rates, n, e);
}

int
facts_look(struct facts *f, struct admin *a, struct outbox_audit *audit,
    const struct audit_site *sites, size_t n, struct err *e)
{
	int64_t mono = clock_mono(a->o.clock), wall = clock_wall(a->o.clock);
	struct facts next = { .known = true, .read_at = mono };
	struct needs_limits limits = { .now = wall, .failed_since = wall - 86400000 };

	if (f->known && mono - f->read_at < FACTS_MS)
		return 0;
	if (outbox_audit_troubled(audit, limits.failed_since, NEEDS_TROUBLED_MAX, &next.troubled, e)
		!= 0
	    || outbox_audit_unset(audit, &next.unset_events, e) != 0
	    || requests_report_read(audit, wall, &next.requests, e) != 0
	    || outbox_audit_boxes(audit, &next.boxes, &next.n_boxes, e) != 0
	    || listed_add_unseen(admin_config(a), sites, n, &next.boxes, &next.n_boxes, e) != 0
	    || read_rates(&next, audit, sites, n, wall, e) != 0) {
		facts_free(&next);
		return -1;
	}
	facts_free(f);
	*f = next;
	return 0;
}

/* ---- forecasts ------------------------------------------------------------------------------- */

static cJSON *
forecast_object(const struct forecast *f)
{
	cJSON *o = cJSON_CreateObject();
	struct buf words;

	forecast_rates_json(f, o);
	if (f->drain_ms >= 0)
		cJSON_AddNumberToObject(o, "drain_ms", (double)f->drain_ms);
	else
		cJSON_AddNullToObject(o, "drain_ms");
	json_add_slice(o, "because", f->because != NULL ? slice_from(f->because) : SLICE_NONE);
	buf_init(&words, FORECAST_WORDS);
	forecast_describe(f, &words);
	json_add_slice(o, "words", buf_slice(&words));
	buf_free(&words);
	return o;
}

cJSON *
facts_forecast(const struct facts *f, const struct audit_site *site, const struct config *c)
{
	struct audit_site known = *site;
	struct forecast forecast;
	size_t i = 0;

	while (i < f->n_sites && f->rates[i].site_id != site->site_id)
		i++;
	if (i == f->n_sites)
		return cJSON_CreateNull();
	known.awaiting = f->awaiting[i] < site->counts[STATUS_PENDING]
			     ? f->awaiting[i]
			     : site->counts[STATUS_PENDING];
	forecast_site(&known, &f->rates[i], c, &forecast);
	if (f->awaiting[i] > FACTS_AWAITING_MAX) {
		forecast.drain_ms = -1;
		forecast.because = "many events await identity";
	}
	return forecast_object(&forecast);
}

/* ---- boxes ----------------------------------------------------------------------------------- */

static cJSON *
box_object(const struct audit_box *box, const char *site)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "box", box->name);
	cJSON_AddStringToObject(o, "site", site);
	json_add_at(o, "first_seen_at", box->first_seen_at, JSON_PAGE);
	json_add_at(o, "last_seen_at", box->last_seen_at, JSON_PAGE);
	cJSON_AddStringToObject(o, "version", box->version);
	if (box->backlog >= 0)
		json_add_id(o, "backlog", box->backlog, JSON_PAGE);
	else
		cJSON_AddNullToObject(o, "backlog");
	json_add_at(o, "oldest_at", box->oldest_at, JSON_PAGE);
	json_add_id(o, "events", box->events, JSON_PAGE);
	json_add_id(o, "duplicates", box->duplicates, JSON_PAGE);
	cJSON_AddNumberToObject(o, "bytes", (double)box->bytes);
	cJSON_AddNumberToObject(o, "body_bytes", (double)box->body_bytes);
	return o;
}

cJSON *
facts_boxes(const struct facts *f, const struct audit_site *sites, size_t n)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < f->n_boxes; i++) {
		const char *site = "";

		for (size_t k = 0; k < n; k++)
			if (sites[k].site_id == f->boxes[i].site_id)
				site = sites[k].name;
		cJSON_AddItemToArray(list, box_object(&f->boxes[i], site));
	}
	return list;
}

/* ---- needs ----------------------------------------------------------------------------------- */

static void
check_certificate(struct needs *n, const struct tls_meter *meter, const struct needs_limits *limits)
{
	struct tls_certificate c = { 0 };
	bool refused;

	if (meter == NULL || (c.not_after = atomic_load(&meter->not_after)) == 0)
		return;
	c.is_client = meter->is_client;
	c.not_before = atomic_load(&meter->not_before);
	refused = atomic_load(&meter->new_is_refused);
	needs_of_certificate(
	    n, meter->listener, &c, refused ? "bentospool status says why" : "", limits);
}

static void
find_needs(const struct facts *f, struct admin *a, const struct audit_site *sites, size_t n,
    struct needs *ret_needs)
{
	const struct config *c = admin_config(a);
	const struct needs_limits limits = needs_limits_of(c, clock_wall(a->o.clock));
	char text[512];

	ret_needs->n = 0;
	if (outbox_health(a->o.outbox) != OUTBOX_OK) {
		outbox_health_text(a->o.outbox, text, sizeof(text));
		needs_of_health(ret_needs, text);
	}
	needs_of_archive(ret_needs, c);
	if (f->known) {
		needs_of_requests(ret_needs, &f->requests, &limits);
		needs_of_troubled(ret_needs, &f->troubled, &limits);
	}
	needs_of_clock(ret_needs, f->unset_events, &limits);
	for (size_t i = 0; i < a->o.n_certificates; i++)
		check_certificate(ret_needs, a->o.certificates[i], &limits);
	for (size_t i = 0; i < n; i++)
		needs_of_site(ret_needs, &sites[i], &limits);
	if (f->known)
		needs_of_boxes(
		    ret_needs, &(struct boxes_seen){ c, sites, n, f->boxes, f->n_boxes }, &limits);
}

static cJSON *
need_object(const struct need *need)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "text", need->text);
	json_add_slice(
	    o, "command", need->command[0] != '\0' ? slice_from(need->command) : SLICE_NONE);
	json_add_slice(o, "screen", need->screen != NULL ? slice_from(need->screen) : SLICE_NONE);
	return o;
}

void
facts_add_needs(const struct facts *f, struct admin *a, const struct audit_site *sites, size_t n,
    bool known, cJSON *to)
{
	struct needs *needs = malloc(sizeof(*needs));
	cJSON *list = cJSON_AddArrayToObject(to, "needs");
	int hidden = 0;

	if (needs == NULL)
		return;
	find_needs(f, a, sites, n, needs);
	for (size_t i = 0; i < needs->n; i++)
		if (known || !needs->need[i].quotes)
			cJSON_AddItemToArray(list, need_object(&needs->need[i]));
		else
			hidden++;
	cJSON_AddNumberToObject(to, "needs_hidden", hidden);
	free(needs);
}
