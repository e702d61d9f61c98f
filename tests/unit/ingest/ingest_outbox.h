/*
 * An outbox that stores nothing: a thread that gives messages back when and how the test says.
 * Linked in place of outbox/. The functions here are for the test's thread.
 */
#ifndef UNIT_INGEST_INGEST_OUTBOX_H
#define UNIT_INGEST_INGEST_OUTBOX_H

#include <stdbool.h>

#include "outbox/outbox.h"
#include "outbox/write/requests.h"

struct outbox *ingest_outbox_new(void);
/* Gives back what it still holds, as outbox_stop does. */
void ingest_outbox_free(struct outbox *o);

/* Holds what comes, until ingest_outbox_release or ingest_outbox_hold(o, false). */
void ingest_outbox_hold(struct outbox *o, bool on);
/* Gives back the n oldest that it holds or will hold. */
void ingest_outbox_release(struct outbox *o, unsigned n);
/* From now on commits fail so; ERR_NONE: they succeed. */
void ingest_outbox_fail(struct outbox *o, enum err_code code);
/* outbox_send refuses, as a full mailbox does. */
void ingest_outbox_refuse(struct outbox *o, bool on);
void ingest_outbox_set_health(struct outbox *o, enum outbox_health health, const char *text);

/* Messages that are held. */
unsigned ingest_outbox_pending(struct outbox *o);
/* Messages given back. */
unsigned ingest_outbox_given_back(struct outbox *o);

/* The message given back last, read at that very moment. */
struct fake_put {
	int64_t site_id;
	int64_t received_at;
	size_t n_events;
	enum event_kind kind; /* of the first event, as its body, up to the room here */
	char body[256];
	size_t n_body;
	uint64_t sum; /* over all bytes of all events' bodies */
};

/* How many requests ingest has reported with this outcome. */
int64_t ingest_outbox_requests(const struct outbox *o, const char *outcome);

void ingest_outbox_last(struct outbox *o, struct fake_put *ret_put);
uint64_t ingest_outbox_sum(const char *p, size_t n);

#endif
