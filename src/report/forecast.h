/* When a backlog will be empty, by recent rates and the configured pace. One thread. */
#ifndef REPORT_FORECAST_H
#define REPORT_FORECAST_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct cJSON;
struct audit_rate;
struct outbox_audit;
struct audit_site;
struct config;

struct forecast {
	double in;        /* events a minute */
	double in_lately; /* events a minute during the last minute: a burst may be over */
	double out;       /* events a minute; that of the last minute if it is higher */
	double pace;      /* events a minute that the settings allow; 0 for no limit or unknown */
	int64_t backlog;  /* pending events, without those awaiting identity */
	int64_t drain_ms; /* -1 for never */
	const char *because; /* why never; NULL when the backlog drains */
};

/* The rate per minute of n events in span_ms; 0 for an empty span. */
double forecast_rate(int64_t n, int64_t span_ms);
/* Sets drain_ms and because from the other members. held: why nothing may be sent, or NULL. */
void forecast_drain(struct forecast *f, const char *held);
/* The forecast of a site; its pace is unknown when the configuration does not have the site. */
void forecast_site(const struct audit_site *site, const struct audit_rate *rate,
    const struct config *config, struct forecast *ret);
/* Reads the rates at `now` (wall ms). Returns a forecast for each site; the caller frees the array.
 */
int forecast_sites(struct outbox_audit *audit, const struct config *config, int64_t now,
    const struct audit_site *sites, size_t n, struct forecast **ret_forecasts, struct err *e);
/* Formats a rate per minute: "3.2", "480" or "12k". */
void forecast_number(double per_minute, char ret_text[16]);
/* Appends "nothing waits", "about 2 h 5 m" or "not known: ...". */
void forecast_describe(const struct forecast *f, struct buf *to);
/* Adds in_per_minute, out_per_minute and pace_per_minute. */
void forecast_rates_json(const struct forecast *f, struct cJSON *o);
/* Adds these and drained_in_seconds. */
void forecast_json(const struct forecast *f, struct cJSON *o);

#endif
