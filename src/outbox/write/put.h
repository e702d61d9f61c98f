/*
 * OUTBOX_PUT: stores events that were received together. The writer's mailbox bounds it, and it
 * fails with ERR_FULL while the disk has no space for new events.
 */
#ifndef OUTBOX_WRITE_PUT_H
#define OUTBOX_WRITE_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "event/segment/segment.h"
#include "outbox/message.h"

/* An event whose messageId the site already has is counted and not stored again. */
struct outbox_put {
	struct outbox_msg msg;
	int64_t site_id;
	int64_t received_at;  /* wall ms */
	struct slice context; /* the batch's raw values; absent when there were none */
	struct slice integrations;
	struct slice sent_at;
	bool browser;   /* the request had an Origin header */
	bool with_rows; /* each event gets a row in delivery, for a history that the caller adds */
	const struct segment_event *events;
	size_t n_events;
	/* result */
	size_t n_stored;
	size_t n_duplicates;
	size_t n_reused;         /* duplicates whose content differs from the stored event, */
	int64_t reused_event_id; /* the stored event of one of these duplicates */
	size_t n_erasures;       /* persons to erase */
	int64_t first_event_id;  /* the stored events have consecutive ids from here; 0: none was
				    stored */
};

#endif
