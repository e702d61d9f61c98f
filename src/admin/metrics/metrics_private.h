/* Shared by the files that write metrics. Admin's thread. */
#ifndef ADMIN_METRICS_METRICS_PRIVATE_H
#define ADMIN_METRICS_METRICS_PRIVATE_H

#include "admin/metrics/exposition.h"
#include "admin/state.h"

/* One scrape. */
struct scrape {
	const struct admin *admin;
	struct exposition *x;
	const struct audit_site *sites; /* as the database has them */
	size_t n_sites;
};

/* metrics_sites.c: one series or more for each site. */
void metrics_expose_sites(const struct scrape *s);
struct audit_box;
struct config;
/* metrics_boxes.c: the boxes that the configuration lists. */
void metrics_expose_boxes(
    const struct scrape *s, const struct config *config, const struct audit_box *boxes, size_t n);

#endif
