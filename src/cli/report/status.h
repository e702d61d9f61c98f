/* The status: collected from the daemon, the database and the disk, and printed. One thread. */
#ifndef CLI_REPORT_STATUS_H
#define CLI_REPORT_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "client/peer.h"
#include "config/config.h"
#include "daemon/lease.h"
#include "outbox/read/audit_walk.h"
#include "report/needs.h"
#include "report/requests.h"
#include "term/terminal.h"

struct audit_box;
struct cJSON;
struct forecast;

struct status {
	const struct config *config; /* borrowed */
	int64_t now;                 /* wall ms */
	struct peer peer;
	char host[LEASE_HOST_SIZE]; /* which host serves, by its lease; "": not said */
	bool host_is_here;
	struct audit_site *sites;
	size_t n_sites;
	struct audit_box *boxes; /* those that forward to this spooler, or are listed */
	size_t n_boxes;
	struct forecast *forecasts; /* one for each site */
	uint64_t free_bytes;        /* UINT64_MAX when unknown */
	int64_t database_bytes;
	int64_t wal_bytes;
	int64_t clock_unset_events;
	struct requests_report requests;
	struct audit_troubled troubled; /* at most NEEDS_TROUBLED_MAX events */
	struct needs needs;
};

/* After 0, the caller calls status_free. */
int status_collect(struct status *s, struct outbox_audit *audit, const struct config *config,
    const struct needs_limits *limits, struct err *e);
void status_free(struct status *s);

/* Prints one line, as monitoring plugins do: OK, CRITICAL or UNKNOWN, why, and numbers behind a
 * bar. */
void status_print_check(const struct status *s);
/* Prints the status for people on standard output. */
void status_print(const struct status *s, const struct terminal *terminal);
struct cJSON *status_json(const struct status *s);

#endif
