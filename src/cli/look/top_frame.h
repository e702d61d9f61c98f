/* One frame of top: collected from the database, drawn as text or JSON. One thread. */
#ifndef CLI_LOOK_TOP_FRAME_H
#define CLI_LOOK_TOP_FRAME_H

#include "client/peer.h"
#include "config/config.h"
#include "outbox/read/audit_walk.h"
#include "report/ages.h"
#include "report/forecast.h"
#include "report/requests.h"

struct tally;
struct cJSON;

struct top_frame {
	const struct config *config; /* borrowed */
	int64_t now;                 /* wall ms */
	struct peer peer;
	struct audit_site *sites;
	size_t n_sites;
	struct forecast *forecasts; /* one for each site */
	struct ages *ages;          /* ages of pending events */
	struct tally *complaints;   /* struct complaint */
	struct requests_report requests;
};

/* Collects a frame; after 0 the caller calls top_frame_clear. */
int top_frame_collect(
    struct top_frame *f, struct outbox_audit *audit, const struct config *config, struct err *e);
void top_frame_clear(struct top_frame *f);
/* Appends lines as wide as the terminal. chosen: the index of the marked site, or SIZE_MAX. */
int top_frame_draw(const struct top_frame *f, size_t chosen, const struct terminal *terminal,
    struct buf *to, struct err *e);
struct cJSON *top_frame_json(const struct top_frame *f);

#endif
