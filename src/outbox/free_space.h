/*
 * Decides what the free space is used for, and frees more when it runs out. New events are refused
 * first, then new work; what has happened is recorded until the disk is full, and then with the
 * space of the ballast (file/reserve.h). Writer's thread, outside of transactions; free_space_text
 * on any thread.
 */
#ifndef OUTBOX_FREE_SPACE_H
#define OUTBOX_FREE_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "outbox/message_kind.h"
#include "outbox/outbox.h"

/* New events are taken again when this much more is free than the least. */
#define FREE_SPACE_MARGIN (UINT64_C(1) << 20)

/*
 * Whether the disk has space for new events, and the WAL is below max_wal_bytes. When not, it cuts
 * the WAL and gives free pages of the database back to the file system, once in HEALTH_RETRY_MS.
 * Sets the outbox's health to full or ok.
 */
bool free_space_check(struct outbox *o);
/* Returns the greatest need for which there is space in a transaction of so many bytes. */
enum message_space free_space_for(struct outbox *o, size_t bytes);
/* Returns whether there is space for SPACE_WORK. */
bool free_space_has_work(const struct outbox *o);
/*
 * Call it with the error of a transaction that is rolled back. A file that cannot grow, although
 * the file system has space, may be one that may not be written at all: SQLite does not tell the
 * two apart, so a page is written, and its error, if it is another one, replaces e.
 */
void free_space_explain(struct outbox *o, struct err *e);
/* Call it when a transaction or a checkpoint found no space. When the file system has some, a quota
 * or a limit of file sizes is in the way, and how much that leaves is tried from now on. */
void free_space_note_lack(struct outbox *o);
/* Call it when a transaction that only records found no space. Gives up the ballast: the messages
 * are sent again. */
void free_space_ran_out(struct outbox *o);
/* Says for people which need has no space, who is in the way, and what to do. */
void free_space_text(struct outbox *o, char *ret_text, size_t size);

#endif
