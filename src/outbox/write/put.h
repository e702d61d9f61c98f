/*
 * OUTBOX_PUT: stores events that were received together. The bounds of the writer's mailbox hold
 * for it, and it is refused with ERR_FULL while the disk has no space for new events.
 */
#ifndef OUTBOX_WRITE_PUT_H
#define OUTBOX_WRITE_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "event/segment/segment.h"
#include "outbox/message.h"

/* Events whose messageId the site already has are counted and not stored again. */
struct outbox_put {
	struct outbox_msg msg;
	int64_t site_id;
	int64_t received_at;  /* wall ms */
	struct slice context; /* the batch's raw values; absent when there were none */
	struct slice integrations;
	struct slice sent_at;
	bool browser; /* the request had an Origin */
	const struct segment_event *events;
	size_t n_events;
	/* result */
	size_t n_stored;
	size_t n_duplicates;
	size_t n_reused;         /* of them: with other content than the event that is there, */
	int64_t reused_event_id; /*     such as this one */
	size_t n_erasures;       /* persons who are to be erased */
	int64_t first_event_id;  /* of those stored; they are consecutive; 0: none was stored */
};

#endif
