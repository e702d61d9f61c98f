/*
 * An outbox that stores nothing: its thread returns each message when the test says so, with the
 * result that the test chose. Linked in place of outbox/. Only the test's thread may call these
 * functions.
 */
#ifndef UNIT_INGEST_INGEST_OUTBOX_H
#define UNIT_INGEST_INGEST_OUTBOX_H

#include <stdbool.h>

#include "outbox/outbox.h"
#include "outbox/write/requests.h"

struct outbox *ingest_outbox_new(void);
/* Returns the messages that are still held, as outbox_stop does, and frees the outbox. */
void ingest_outbox_free(struct outbox *o);

/* Holds messages until ingest_outbox_release or ingest_outbox_hold(o, false). */
void ingest_outbox_hold(struct outbox *o, bool on);
/* Returns the n oldest messages, held now or later. */
void ingest_outbox_release(struct outbox *o, unsigned n);
/* Makes commits fail with this code; ERR_NONE: they succeed. */
void ingest_outbox_fail(struct outbox *o, enum err_code code);
/* Makes outbox_send refuse, as with a full mailbox. */
void ingest_outbox_refuse(struct outbox *o, bool on);
void ingest_outbox_set_health(struct outbox *o, enum outbox_health health, const char *text);

/* The number of messages held. */
unsigned ingest_outbox_pending(struct outbox *o);
/* The number of messages returned. */
unsigned ingest_outbox_given_back(struct outbox *o);

/* The last message returned, read at the moment of its return. */
struct fake_put {
	int64_t site_id;
	int64_t received_at;
	size_t n_events;
	enum event_kind kind; /* of the first event, with as much of its body as fits */
	char body[256];
	size_t n_body;
	uint64_t sum; /* sum of all bytes of all events' bodies */
};

/* Returns how many requests ingest has reported with this outcome. */
int64_t ingest_outbox_requests(const struct outbox *o, const char *outcome);
/* Returns how many reports failed or were refused. */
unsigned ingest_outbox_turned_away(const struct outbox *o);

void ingest_outbox_last(struct outbox *o, struct fake_put *ret_put);
uint64_t ingest_outbox_sum(const char *p, size_t n);

#endif
