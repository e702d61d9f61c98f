/*
 * The metrics of each box that the configuration lists, as the box last reported them.
 */
#include <stdlib.h>

#include "admin/metrics/metrics_private.h"
#include "outbox/read/audit_box.h"
#include "report/listed.h"

struct listed_boxes {
	const struct scrape *s;
	const struct config *config;
	const struct audit_box *boxes;
	size_t n;
};

/* Returns the name of the site that lists the box; NULL: its series is left out. */
static const char *
site_of(const struct listed_boxes *l, const struct audit_box *box)
{
	const struct config_site *site = listed_site(l->config, l->s->sites, l->s->n_sites, box);

	return site == NULL ? NULL : site->name;
}

static void
expose(const struct listed_boxes *l, const struct metric *metric,
    void (*one)(struct exposition *x, const struct label labels[2], const struct audit_box *box))
{
	exposition_begin(l->s->x, metric);
	for (size_t i = 0; i < l->n; i++) {
		const struct label labels[] = { { "site", site_of(l, &l->boxes[i]) },
			{ "box", l->boxes[i].name } };

		if (labels[0].value != NULL)
			one(l->s->x, labels, &l->boxes[i]);
	}
}

static void
last_seen(struct exposition *x, const struct label labels[2], const struct audit_box *box)
{
	exposition_micros(x, labels, 2, box->last_seen_at * 1000);
}

static void
pending(struct exposition *x, const struct label labels[2], const struct audit_box *box)
{
	if (box->backlog >= 0)
		exposition_count(x, labels, 2, (uint64_t)box->backlog);
}

static void
oldest(struct exposition *x, const struct label labels[2], const struct audit_box *box)
{
	if (box->oldest_at != 0)
		exposition_micros(x, labels, 2, box->oldest_at * 1000);
}

static void
info(struct exposition *x, const struct label labels[2], const struct audit_box *box)
{
	const struct label three[] = { labels[0], labels[1], { "version", box->version } };

	exposition_count(x, three, 3, 1);
}

void
metrics_expose_boxes(
    const struct scrape *s, const struct config *config, const struct audit_box *boxes, size_t n)
{
	static const struct metric seen = { "bentospool_box_last_seen_timestamp_seconds",
		METRIC_GAUGE, "seconds", "Time of the last request from the box." };
	static const struct metric waiting = { "bentospool_box_pending_events", METRIC_GAUGE, NULL,
		"Events that wait at the box, as the box last reported." };
	static const struct metric since = { "bentospool_box_oldest_pending_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the box received the oldest event that waits there; absent without one." };
	static const struct metric about = { "bentospool_box_info", METRIC_GAUGE, NULL,
		"Always 1, with the version of the box." };
	const struct listed_boxes l = { s, config, boxes, n };

	expose(&l, &seen, last_seen);
	expose(&l, &waiting, pending);
	expose(&l, &since, oldest);
	expose(&l, &about, info);
}
