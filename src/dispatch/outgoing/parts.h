/*
 * Which events of a batch were refused. Bento says of a batch only how many failed (a partial
 * answer). The batch is sent again in parts, until the refused events stand alone; but a single
 * event that is refused then may also be one that was taken before, because Bento may count a
 * repeat as failed. So it is held as maybe_delivered.
 *
 * When every event of the batch has been taken or refused alone, and as many were refused alone as
 * the first answer counted, no repeat was counted as failed: those events are the refused ones, and
 * become failed. Bento's words are in their attempts.
 *
 * A batch is followed as long as nothing else can explain the counts: none of its events may have
 * been delivered by an earlier attempt, each of them is one item, and no answer of a part is in
 * doubt. Otherwise, and after a restart, its events stay held.
 *
 * Bounded: as many batches as attempts, the oldest one is forgotten first. Dispatcher thread only.
 */
#ifndef DISPATCH_OUTGOING_PARTS_H
#define DISPATCH_OUTGOING_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/context.h"
#include "dispatch/members.h"
#include "outbox/outbox.h"

/* What the end of an attempt shows of its events. */
enum showing {
	SHOWS_NOTHING, /* they go again, as they were */
	SHOWS_DOUBT,   /* some of them may be delivered, or not */
	SHOWS_SOME,    /* `refused` of them were refused, the others taken; not which */
	SHOWS_TAKEN,   /* all of them were taken, now or before */
	SHOWS_REFUSED  /* the single event was refused, now or as a repeat */
};

struct shown {
	enum showing what;
	size_t refused; /* SHOWS_SOME */
	bool exact;     /* SHOWS_SOME: no earlier attempt is in the count, an event is an item */
	bool held;      /* SHOWS_REFUSED: it became held as maybe_delivered */
};

/* A batch that is sent again in parts. */
struct parted {
	int64_t *ids; /* ascending; those that are settled are negative */
	int64_t *held;
	size_t n;
	size_t n_settled;
	size_t n_refused; /* alone */
	size_t n_held;    /* of them */
	size_t failed;    /* of the whole, as Bento counted; 0: the place is free */
	bool proven;      /* the decision is to be recorded */
	uint64_t age;
	struct outbox_settle settle;
	struct errand errand;
};

struct parts {
	struct dispatch_context *ctx;
	struct parted *batches;
	size_t n;
	size_t max_events;
	uint64_t next_age;
};

/* Zeroed before. Makes room for so many batches, and forgets all, while none is with the writer.
 * -1: no memory, and nothing is followed. */
int parts_reserve(struct parts *p, struct dispatch_context *ctx, size_t batches, size_t max_events,
    struct err *e);
void parts_free(struct parts *p);
/* The end of an attempt with these events is recorded. */
void parts_note(struct parts *p, const struct members *m, const struct shown *shown);
/* Hands what is proven to the writer, when it could keep it. */
void parts_record(struct parts *p, int64_t now);
/* When parts_record has something to do; CONTEXT_NEVER: not until something happens. */
int64_t parts_next(const struct parts *p);
/* Is a message with the writer? */
bool parts_are_recording(const struct parts *p);

#endif
