/*
 * The sites of the configuration as the database knows them, and OUTBOX_SITE_STATE, which records
 * how a site stands.
 */
#ifndef OUTBOX_WRITE_SITES_H
#define OUTBOX_WRITE_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "outbox/message.h"

enum outbox_site_mode {
	OUTBOX_SITE_READY,
	OUTBOX_SITE_BACKOFF, /* waits for next_attempt_at */
	OUTBOX_SITE_PAUSED   /* waits for a person, and probes at next_attempt_at */
};

struct outbox_site_state {
	enum outbox_site_mode mode;
	char reason[256];        /* "" when ready */
	int64_t next_attempt_at; /* wall ms; 0: now */
	unsigned failures;       /* in a row */
	/* What was learned, for the next start. */
	size_t byte_limit; /* of a request's body; 0: none below the setting's is known */
	unsigned refused;  /* single events, in a row */
};

/* OUTBOX_SITE_STATE: the state changed without an attempt. */
struct outbox_site_change {
	struct outbox_msg msg;
	int64_t site_id;
	struct outbox_site_state site;
};

/* How an earlier process left a site. */
struct outbox_site_before {
	bool paused; /* by an operator: operate/site_control.h */
	size_t byte_limit;
	unsigned refused;
};

/* ---- for this room: on the writer's connection ---------------------------------------------- */

struct db;

/* Adds the site when it is new. */
int sites_find_or_add(struct db *db, const char *name, int64_t *ret_site_id, struct err *e);
int sites_read_before(
    struct db *db, int64_t site_id, struct outbox_site_before *ret_before, struct err *e);
int sites_set_state(
    struct db *db, int64_t site_id, const struct outbox_site_state *state, struct err *e);
/* Makes every site ready: a back-off is a fact about the process before this one. */
int sites_reset(struct db *db, struct err *e);
/*
 * Adds n to the site's count of delivered events, if this event is delivered. For whoever makes it
 * delivered (1) or takes that away (-1); attempts count their own events.
 */
int sites_count_delivered(struct db *db, int64_t event_id, int n, struct err *e);

#endif
