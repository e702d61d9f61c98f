/*
 * What the overview says about the database besides its gauges: rates, failures, refused requests
 * and boxes. They cost more to read, so they are read again after ten seconds at the earliest.
 * Admin's thread.
 */
#ifndef ADMIN_READ_FACTS_H
#define ADMIN_READ_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/read/audit_box.h"
#include "outbox/read/audit_walk.h"
#include "report/requests.h"

#define FACTS_MS 10000
/* Unresolved events of a site are counted up to this number; with more there is no forecast. */
#define FACTS_AWAITING_MAX 20000

struct cJSON;
struct admin;
struct config;

/* Zeroed, nothing is known. */
struct facts {
	bool known;
	int64_t read_at; /* mono ms */
	struct audit_troubled troubled;
	int64_t unset_events;
	struct requests_report requests;
	struct audit_box *boxes; /* and those that are listed, but were never seen */
	size_t n_boxes;
	struct audit_rate *rates; /* of each site */
	int64_t *awaiting;
	size_t n_sites;
};

/* Reads what is too old. Returns -1 with e set on an error of the database. */
int facts_look(struct facts *f, struct admin *a, struct outbox_audit *audit,
    const struct audit_site *sites, size_t n, struct err *e);
void facts_free(struct facts *f);
/* Returns the forecast of a site; null when it has none. */
struct cJSON *facts_forecast(
    const struct facts *f, const struct audit_site *site, const struct config *c);
/* Returns the boxes that forward to this spooler. */
struct cJSON *facts_boxes(const struct facts *f, const struct audit_site *sites, size_t n);
/* Adds `needs`: what needs attention, as status --check finds it. Needs that may quote somebody are
 * only counted, in `needs_hidden`, unless the reader has logged in. */
void facts_add_needs(const struct facts *f, struct admin *a, const struct audit_site *sites,
    size_t n, bool known, struct cJSON *to);

#endif
