/*
 * The row of `envelope` that the events of one request share. Events that a box forwards bring the
 * values of their own batches: a row serves as long as these stay the same. Writer's thread.
 */
#ifndef OUTBOX_ORIGIN_ENVELOPE_H
#define OUTBOX_ORIGIN_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct db;

/* Raw values; absent when the batch had none. Borrowed. */
struct envelope_values {
	struct slice context;
	struct slice integrations;
	struct slice sent_at;
};

/* Zeroed: no row yet. */
struct envelope {
	struct envelope_values values;
	bool begun;
	int64_t id;     /* 0: the values are all absent, so there is no row */
	int64_t events; /* number of events that use the row */
};

/* Whether the row of env has these values. */
bool envelope_has(const struct envelope *env, const struct envelope_values *values);
/* Ends env's row, and adds one with the values. next_event_id: the event that will use it first. */
int envelope_begin(struct envelope *env, struct db *db, const struct envelope_values *values,
    int64_t next_event_id, struct err *e);
/* Stores how many events use the row. Retention reduces this count as it removes events. */
int envelope_end(struct envelope *env, struct db *db, struct err *e);

#endif
