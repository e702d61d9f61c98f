/* When a backlog will be gone, by what lately went out and what the settings allow. */
#ifndef CLI_REPORT_FORECAST_H
#define CLI_REPORT_FORECAST_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct cJSON;
struct audit_rate;
struct outbox_audit;
struct audit_site;
struct config;

struct forecast {
	double in;           /* events a minute */
	double in_lately;    /* the same of the last minute: a burst may be over */
	double out;          /* events a minute, lately if that is more */
	double pace;         /* events a minute that the settings allow; 0: no limit, or unknown */
	int64_t backlog;     /* events that wait, without those that wait for an address */
	int64_t drain_ms;    /* -1: not at all, as it is */
	const char *because; /* why not; NULL when it drains */
};

/* Of n events in span ms; 0 when there was no time. */
double forecast_rate(int64_t n, int64_t span_ms);
/* drain_ms and because from the rest. held: words why nothing goes out; NULL: it may. */
void forecast_drain(struct forecast *f, const char *held);
/* Of a site: its counts of pending, its pauses, its pace from the configuration if it is in there.
 */
void forecast_site(const struct audit_site *site, const struct audit_rate *rate,
    const struct config *config, struct forecast *ret);
/* Asks for the rates of all the sites at `now` (wall ms); free() the array, one for each site. */
int forecast_sites(struct outbox_audit *audit, const struct config *config, int64_t now,
    const struct audit_site *sites, size_t n, struct forecast **ret_forecasts, struct err *e);
/* "3.2", "480", "12k" a minute. */
void forecast_number(double per_minute, char ret_text[16]);
/* "nothing waits", "about 2 h 5 m", "never as it is: ..." */
void forecast_describe(const struct forecast *f, struct buf *to);
/* Adds in_per_minute, out_per_minute, pace_per_minute and drained_in_seconds. */
void forecast_json(const struct forecast *f, struct cJSON *o);

#endif
