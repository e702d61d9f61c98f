/*
 * Finding events by their messageId, without looking at each event.
 *
 * What finds duplicates (outbox/write/dedup.h) knows where a messageId is: its keyed hash is in
 * message_key, or the event is one of the recent ones, whose rows are few. A site has a messageId
 * once, so what is found is complete. Only where an erasure replaced an address inside a messageId
 * the hash cannot help, because it is the hash of the former text.
 *
 * On any connection, the writer's too; one thread at a time.
 */
#ifndef OUTBOX_FILTER_MESSAGE_IDS_H
#define OUTBOX_FILTER_MESSAGE_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "outbox/filter/filter.h"

struct db;

/* What an erasure writes in place of an address, also inside messageIds. */
#define ERASE_WORD "erased@erased.invalid"

/* The events of one messageId, ascending; ids are owned. */
struct message_ids {
	int64_t *ids;
	size_t n;
	size_t cap;
};

void message_ids_free(struct message_ids *m);

/* 1: ret_found has the events of all sites. 0: the hash cannot help, and ret_found is empty. -1. */
int message_ids_find(
    struct db *db, struct slice message_id, struct message_ids *ret_found, struct err *e);
/*
 * Makes a filter for the same events that names them by their ids, when f has a messageId and the
 * hash finds it. It borrows from f: end it with filter_narrow_end before f ends.
 */
int filter_narrow(
    struct db *db, const struct outbox_filter *f, struct outbox_filter *ret_narrow, struct err *e);
void filter_narrow_end(const struct outbox_filter *f, struct outbox_filter *narrow);

#endif
