/*
 * Outboxes made by hand, for tests of code that reads and changes them: the tables and views of
 * schema/, without a writer, in a temporary directory that handmade_remove removes.
 */
#ifndef UNIT_OUTBOX_HANDMADE_H
#define UNIT_OUTBOX_HANDMADE_H

#include <stdint.h>

#include "event/kind.h"
#include "outbox/file/db.h"

struct handmade {
	char folder[64];
	char path[96];
	struct db db;
};

void handmade_create(struct handmade *h);
void handmade_remove(struct handmade *h);
/* Runs SQL. An error fails the test. */
void handmade_sql(struct handmade *h, const char *sql);
int64_t handmade_int(struct handmade *h, const char *sql);
/* Makes the checksums of events true after a test has changed them. */
void handmade_seal(struct handmade *h);

/* Adds event `id` of site 1, a track call, received at second `id`. reason may be NULL. */
void handmade_event(struct handmade *h, int64_t id, const char *name, const char *email,
    enum event_status status, const char *reason);

#endif
