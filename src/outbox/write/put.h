/*
 * OUTBOX_PUT: stores events that were received together. The writer's mailbox bounds it, and it
 * fails with ERR_FULL while the disk has no space for new events.
 */
#ifndef OUTBOX_WRITE_PUT_H
#define OUTBOX_WRITE_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "event/kind.h"
#include "event/segment/segment.h"
#include "outbox/message.h"
#include "outbox/origin/box.h"
#include "outbox/origin/envelope.h"

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
	/* Only of a box: what each event brings in place of the values above, and the box itself.
	 * NULL otherwise. */
	const struct segment_origin *origins;
	const struct box_report *box;
	/* result */
	size_t n_stored;
	size_t n_duplicates;
	uint32_t stored_kinds[KIND_COUNT]; /* how many of each kind were stored */
	size_t n_reused;         /* duplicates whose content differs from the stored event, */
	int64_t reused_event_id; /* the stored event of one of these duplicates */
	size_t n_erasures;       /* persons to erase */
	int64_t claimed_from, claimed_to; /* as in struct box_events */
	int64_t first_event_id; /* the stored events have consecutive ids from here; 0: none was
				   stored */
};

/* NULL unless a box brought the event. */
static inline const struct segment_origin *
put_origin(const struct outbox_put *put, const struct segment_event *event)
{
	return put->origins == NULL ? NULL : &put->origins[event - put->events];
}

static inline struct envelope_values
put_origin_values(const struct outbox_put *put, const struct segment_event *event)
{
	const struct segment_origin *origin = put_origin(put, event);

	return (struct envelope_values){
		.context = origin->context,
		.integrations = origin->integrations,
	};
}

/* Returns when the event was received: by the box, if one brought it. */
static inline int64_t
put_received_at(const struct outbox_put *put, const struct segment_event *event)
{
	return put->origins == NULL ? put->received_at : put_origin(put, event)->received_at;
}

/* Notes that a stored event was received in the future, as a box whose clock is ahead says. */
void put_note_claim(struct outbox_put *put, const struct segment_event *event);

#endif
