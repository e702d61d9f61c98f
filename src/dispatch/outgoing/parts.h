/*
 * Finds out which events of a batch Bento refused. A partial answer says only how many failed. The
 * batch is sent again in parts, until each refused event is sent alone. An event that is refused
 * alone may have been accepted before, because Bento may count a repeat as failed. Therefore the
 * event is held as maybe_delivered.
 *
 * When every event of the batch has been accepted or refused alone, and as many were refused alone
 * as the first answer counted, no repeat was counted as failed. The events refused alone are then
 * the refused ones, and become failed. Their attempts have Bento's answers.
 *
 * A batch is followed only while nothing else can explain the counts: no earlier attempt may have
 * delivered any of its events, each event is one item, and every part had a clear answer.
 * Otherwise, and after a restart, its held events stay held.
 *
 * Follows at most as many batches as there are attempts; the oldest batch is forgotten first.
 * Dispatcher thread only.
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

/* What the end of an attempt shows about its events. */
enum showing {
	SHOWS_NOTHING, /* all of them are sent again unchanged */
	SHOWS_DOUBT,   /* unknown which of them Bento has, if any */
	SHOWS_SOME,    /* `refused` of them were refused and the others accepted, unknown which */
	SHOWS_TAKEN,   /* all of them were accepted, now or earlier */
	SHOWS_REFUSED  /* the single event was refused, now or as a repeat */
};

struct shown {
	enum showing what;
	size_t refused; /* SHOWS_SOME: how many events were refused */
	bool exact; /* SHOWS_SOME: `refused` counts only this attempt, and each event is one item */
	bool held;  /* SHOWS_REFUSED: the event became held as maybe_delivered */
};

/* A batch that is sent again in parts. */
struct parted {
	int64_t *ids; /* ascending by absolute value; the id of a settled event is negative */
	int64_t *held;
	size_t n;
	size_t n_settled;
	size_t n_refused; /* events that were refused when sent alone */
	size_t n_held;    /* how many of these were held */
	size_t failed;    /* Bento's count for the whole batch; 0: the entry is free */
	bool proven;      /* the held events are to become failed */
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

/*
 * *p must be zeroed or in use. Makes room for that many batches and forgets the present ones. Call
 * it only while parts_are_recording is false. Returns -1 without memory; no batch is followed then.
 */
int parts_reserve(struct parts *p, struct dispatch_context *ctx, size_t batches, size_t max_events,
    struct err *e);
void parts_free(struct parts *p);
/* Call it when the end of an attempt with these events is recorded. */
void parts_note(struct parts *p, const struct members *m, const struct shown *shown);
/* Sends decisions to the writer, unless the writer could not store one a moment ago. */
void parts_record(struct parts *p, int64_t now);
/* Returns when parts_record has work; CONTEXT_NEVER: not until something happens. */
int64_t parts_next(const struct parts *p);
/* Whether the writer has a message. */
bool parts_are_recording(const struct parts *p);

#endif
