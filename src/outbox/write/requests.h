/*
 * OUTBOX_REQUESTS: adds to the number of requests that ingest accepted and refused. An outcome is
 * "accepted", or the reason of a refusal. Counts are kept for 30 days in intervals of ten minutes,
 * so that the last hour can be shown apart from the day.
 */
#ifndef OUTBOX_WRITE_REQUESTS_H
#define OUTBOX_WRITE_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

#include "outbox/message.h"

#define OUTBOX_REQUESTS_ACCEPTED "accepted"
/* Not a refusal: an event whose messageId the site already has with other content. */
#define OUTBOX_REQUESTS_REUSED "message_id_reused"
#define OUTBOX_REQUESTS_OUTCOMES 48 /* the most outcomes in one message */
#define OUTBOX_REQUESTS_PORTION_MS INT64_C(600000)
#define OUTBOX_REQUESTS_KEPT_MS INT64_C(2592000000)

struct outbox_requests {
	struct outbox_msg msg;
	int64_t at; /* wall ms */
	struct {
		const char *outcome; /* static */
		int64_t requests;
	} counts[OUTBOX_REQUESTS_OUTCOMES];
	size_t n;
};

/* ---- for this room -------------------------------------------------------------------------- */

struct db;

/* Adds to one outcome, inside the writer's transaction. */
int requests_count(struct db *db, int64_t at, const char *outcome, int64_t requests, struct err *e);

#endif
