/*
 * Finding events by their messageId, without looking at each event.
 *
 * What finds duplicates (outbox/dedup.h) knows where a messageId is: its keyed hash stands in
 * message_key, or the event is one of the recent ones, whose rows are few. A site has an event of a
 * messageId once, so what is found is all there is. The hash cannot know where an erasure took an
 * address out of a messageId, because it is that of the former text.
 *
 * Any connection, the writer's too; one thread at a time. Private to outbox/.
 */
#ifndef OUTBOX_FILTER_MESSAGE_IDS_H
#define OUTBOX_FILTER_MESSAGE_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "outbox/filter/filter.h"

struct db;

/* What an erasure writes in place of an address, in messageIds too. */
#define ERASE_WORD "erased@erased.invalid"

/* Events of one messageId, ascending; ids are owned. */
struct message_ids {
	int64_t *ids;
	size_t n;
	size_t cap;
};

void message_ids_free(struct message_ids *m);

/* 1: ret_found has those of every site. 0: the hash cannot know, and ret_found is empty. */
int message_ids_find(
    struct db *db, struct slice message_id, struct message_ids *ret_found, struct err *e);
/*
 * A filter for the same events that names them by their ids where the messageId tells them. It
 * borrows from f; end it with filter_narrow_end before f ends.
 */
int filter_narrow(
    struct db *db, const struct outbox_filter *f, struct outbox_filter *ret_narrow, struct err *e);
void filter_narrow_end(const struct outbox_filter *f, struct outbox_filter *narrow);

#endif
