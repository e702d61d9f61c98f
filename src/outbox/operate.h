/*
 * What operators do to a selection of events: each operation is a row, with the state before it.
 *
 * An operation runs in slices of a bounded number of events, each slice a transaction of its own,
 * so that it never stops ingest. Run by the writer: through outbox_send while a daemon runs, or
 * through a writer that the CLI opens itself when none does.
 */
#ifndef OUTBOX_OPERATE_H
#define OUTBOX_OPERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/filter.h"
#include "outbox/outbox.h"

#define OPERATE_SLICE 500 /* events a transaction */

enum operate_verb {
	OPERATE_REQUEUE /* failed, invalid, held, discarded, unsupported -> pending; attempts from 0
			 */
};

/* OUTBOX_OPERATE. The sender owns the strings and the filter until done(). */
struct outbox_operation {
	struct outbox_msg msg;
	enum operate_verb verb;
	const struct outbox_filter *filter;
	const char *actor; /* who, for the audit */
	const char *note;  /* NULL: none */
	/* result of one slice; send the same message again until `more` is false */
	int64_t operation_id;   /* 0 at first: made when the first event matches */
	int64_t after_event_id; /* 0 at first: where the last slice stopped */
	int64_t n_events;       /* changed so far */
	bool more;
};

struct db;

/* One slice, inside the writer's transaction. */
int operate_apply(struct db *db, struct outbox_operation *op, int64_t now, struct err *e);

#endif
