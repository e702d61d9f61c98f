/*
 * Looks once a second at what a person may have to know, and logs it and raises an alarm: events
 * that failed or are held, refused requests, little disk space, certificates that end, boxes that
 * fall silent. Main thread.
 */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include "base/err.h"
#include "config/config.h"
#include "ingest/ingest.h"
#include "outbox/outbox.h"

/* Log lines about failed and held events come at most this often. */
#define WATCH_LOG_MS INT64_C(10000)
/* Alarms about failed and held events come at most this often for each site. */
#define WATCH_ALARM_MS INT64_C(3600000)
/* Little space: less than this many times min_free. The alarm ends above WATCH_SPACE_OK times. */
#define WATCH_SPACE_LOW 2
#define WATCH_SPACE_OK 3

/* Boxes are looked at so often, because the database must be read for it. */
#define WATCH_BOXES_MS INT64_C(5000)

struct alarm;
struct audit_box;
struct certificate_set;
struct watch;

struct watch_options {
	struct outbox *outbox;
	struct ingest *ingest;
	const struct certificate_set *certificates;
	struct alarm *alarm;
	const struct clock *clock;
	const int64_t *site_ids; /* the sites, which stay the same; copied */
	size_t n_sites;
};

int watch_new(const struct watch_options *o, struct watch **ret_watch, struct err *e);
/* NULL is allowed. */
void watch_free(struct watch *w);
/* site_ids: in the order of the sites of c, which a reload may have changed. */
void watch_tick(struct watch *w, const struct config *c, const int64_t *site_ids);

/* The boxes that were silent at the last look; all zeros before the first one. */
struct watch_silence {
	struct audit_box *boxes; /* freed by the owner */
	size_t n;
	int64_t next_ms; /* mono: the next look */
};

/* Part of watch_tick: watch_boxes.c. */
void watch_boxes(struct watch_silence *s, const struct config *c, struct alarm *alarm,
    const struct clock *clock);

#endif
