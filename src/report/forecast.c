/*
 * Predicts when a backlog will be empty. The rate of delivery is that of the last 15 minutes, or of
 * the last minute if that is higher, but never above the configured pace.
 */
#include "report/forecast.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "outbox/read/audit_walk.h"
#include "report/ages.h"
#include "term/when.h"

#define MINUTE 60000.0
#define DRAIN_MAX_MS 3.15e12 /* 100 years: a longer time counts as never */
#define FEW 100.0            /* rates below this are shown with a decimal */

double
forecast_rate(int64_t n, int64_t span_ms)
{
	return span_ms <= 0 ? 0 : (double)n * MINUTE / (double)span_ms;
}

void
forecast_drain(struct forecast *f, const char *held)
{
	double out = f->pace > 0 && f->pace < f->out ? f->pace : f->out;
	double ms = out > 0 ? (double)f->backlog / out * MINUTE : DRAIN_MAX_MS;

	f->because = NULL;
	f->drain_ms = -1;
	if (f->backlog == 0)
		f->drain_ms = 0;
	else if (held != NULL)
		f->because = held;
	else if (ms >= DRAIN_MAX_MS)
		f->because = "nothing was delivered lately";
	else
		f->drain_ms = (int64_t)ms;
}

static double
pace_of(const struct config *config, const char *name)
{
	const struct config_site *site = config_find_site(config, name);

	return site == NULL ? 0 : (double)site->requests_per_minute * (double)site->batch_events;
}

void
forecast_site(const struct audit_site *site, const struct audit_rate *rate,
    const struct config *config, struct forecast *ret)
{
	double lately = forecast_rate(rate->lately, AUDIT_RATE_LATELY_MS);
	const char *held = NULL;

	*ret = (struct forecast){
		.in = forecast_rate(rate->received, rate->received_ms),
		.in_lately = forecast_rate(rate->received_lately, AUDIT_RATE_LATELY_MS),
		.out = forecast_rate(rate->delivered, rate->delivered_ms),
		.pace = pace_of(config, site->name),
		.backlog = site->counts[STATUS_PENDING] - site->awaiting,
	};
	if (lately > ret->out)
		ret->out = lately;
	if (site->pause_at != 0 || site->mode == OUTBOX_SITE_PAUSED)
		held = "the site is paused";
	else if (site->mode == OUTBOX_SITE_BACKOFF)
		held = "the site is backing off";
	forecast_drain(ret, held);
}

int
forecast_sites(struct outbox_audit *audit, const struct config *config, int64_t now,
    const struct audit_site *sites, size_t n, struct forecast **ret_forecasts, struct err *e)
{
	struct audit_rate *rates = calloc(n + 1, sizeof(*rates));
	struct forecast *forecasts = calloc(n + 1, sizeof(*forecasts));
	int rc;

	if (rates == NULL || forecasts == NULL) {
		free(rates);
		free(forecasts);
		return err_nomem(e);
	}
	for (size_t i = 0; i < n; i++)
		rates[i].site_id = sites[i].site_id;
	rc = outbox_audit_rates(audit, now, rates, n, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		forecast_site(&sites[i], &rates[i], config, &forecasts[i]);
	free(rates);
	if (rc != 0)
		free(forecasts);
	else
		*ret_forecasts = forecasts;
	return rc;
}

void
forecast_number(double per_minute, char ret_text[16])
{
	char text[8];

	if (per_minute < FEW) {
		snprintf(ret_text, 16, "%.1f", per_minute);
		if (strcmp(ret_text, "0.0") == 0)
			snprintf(ret_text, 16, "%s", per_minute > 0 ? "0.1" : "0");
		return;
	}
	ages_number((int64_t)per_minute, text);
	snprintf(ret_text, 16, "%s", text);
}

void
forecast_describe(const struct forecast *f, struct buf *to)
{
	char age[WHEN_AGE_SIZE];

	if (f->backlog == 0) {
		buf_append_literal(to, "nothing waits");
		return;
	}
	if (f->because != NULL) {
		buf_printf(to, "not known: %s", f->because);
		return;
	}
	when_age(f->drain_ms, age);
	buf_printf(to, "about %s", age);
	if (f->in > f->out && f->in_lately > f->out)
		buf_append_literal(to, ", but more arrives than is delivered");
}

void
forecast_rates_json(const struct forecast *f, cJSON *o)
{
	cJSON_AddNumberToObject(o, "in_per_minute", f->in);
	cJSON_AddNumberToObject(o, "out_per_minute", f->out);
	if (f->pace > 0)
		cJSON_AddNumberToObject(o, "pace_per_minute", f->pace);
	else
		cJSON_AddNullToObject(o, "pace_per_minute");
}

void
forecast_json(const struct forecast *f, cJSON *o)
{
	int64_t seconds = f->drain_ms / 1000;

	forecast_rates_json(f, o);
	if (f->drain_ms >= 0)
		cJSON_AddNumberToObject(o, "drained_in_seconds", (double)seconds);
	else
		cJSON_AddNullToObject(o, "drained_in_seconds");
}
