/*
 * Looks for damage: pages, checksums, and what the tables say about each other. Works beside the
 * daemon: long scans take steps of ids, and each step is a read transaction of its own. Uses a
 * connection of its own; one thread.
 */
#ifndef OUTBOX_READ_VERIFY_H
#define OUTBOX_READ_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define VERIFY_FINDINGS_MAX 100 /* of each check; others are counted */

struct verify_finding {
	const char *check;  /* "pages", "contents", "states", "spans", "delivery", "counts", ... */
	int64_t event_id;   /* 0: it does not concern one event */
	const char *what;   /* one line that names the place */
	const char *remedy; /* what to do */
};

struct verify_options {
	bool offline; /* no process has the database open: also checks its log, and free pages */
	void (*each)(void *arg, const struct verify_finding *finding);
	void (*progress)(void *arg, int64_t events);
	void *arg;
};

/*
 * Counts the findings, and the events that were looked at. -1: the check itself failed, such as for
 * lack of memory; damage is a finding.
 */
int outbox_verify(const char *path, const struct verify_options *options, int64_t *ret_findings,
    int64_t *ret_events, struct err *e);

#endif
