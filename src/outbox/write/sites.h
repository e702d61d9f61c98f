/*
 * The sites of the configuration in the database, and OUTBOX_SITE_STATE, which records a site's
 * state.
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
	unsigned failures;       /* failures in a row */
	/* Learned values, for the next start. */
	size_t byte_limit; /* bytes of a request's body; 0: no limit below the setting is known */
	unsigned refused;  /* single events refused in a row */
};

/* OUTBOX_SITE_STATE: the state changed without an attempt. */
struct outbox_site_change {
	struct outbox_msg msg;
	int64_t site_id;
	struct outbox_site_state site;
};

/* The state in which an earlier process left a site. */
struct outbox_site_before {
	bool paused; /* an operator paused it: see operate/site_control.h */
	size_t byte_limit;
	unsigned refused;
};

/* ---- for this room: on the writer's connection ---------------------------------------------- */

struct db;

/* Adds the site if it is new. */
int sites_find_or_add(struct db *db, const char *name, int64_t *ret_site_id, struct err *e);
int sites_read_before(
    struct db *db, int64_t site_id, struct outbox_site_before *ret_before, struct err *e);
/* answered: the state follows from an answer of Bento. now: wall ms. */
int sites_set_state(struct db *db, int64_t site_id, const struct outbox_site_state *state,
    bool answered, int64_t now, struct err *e);
/* Makes every site ready: a back-off ends with the process that began it. */
int sites_reset(struct db *db, struct err *e);

#endif
