/*
 * Space that is set aside, so that a full disk can always be left again:
 *
 *	- The database file is as long as its content needs before a transaction is committed to the
 *	  write-ahead log (WAL). Copying the WAL therefore needs no space, and cutting it gives back
 *	  what it had.
 *	- <database>.ballast is a file without content. It is given up when a result cannot be
 *	  recorded otherwise, and made again once there is space.
 */
#ifndef OUTBOX_FILE_RESERVE_H
#define OUTBOX_FILE_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "outbox/file/db.h"
#include "outbox/outbox.h"

/* The size of the ballast. New work stops when less than this is free. */
#define RESERVE_BYTES ((uint64_t)OUTBOX_RESERVE)
/* The database file grows by multiples of this. */
#define RESERVE_CHUNK (256 << 10)

/*
 * Makes the file as long as the open transaction needs, then commits. ERR_FULL when there is no
 * space: the caller rolls back, as after any other failure.
 */
int reserve_commit(struct db *db, struct err *e);

/* Returns whether the database file can grow by so many bytes. */
bool reserve_try_growth(struct db *db, uint64_t bytes);

/*
 * Call it under the lock, before the file is opened. When little is free, it cuts the WAL that a
 * crash left behind, without the shared memory, for which there may be no space. When that does not
 * help, it gives up the ballast. ERR_IO: the WAL could not be copied.
 */
int reserve_before_open(const char *path, struct err *e);

bool reserve_has_ballast(const char *path);
/* Makes the ballast, unless it is there. */
int reserve_make_ballast(const char *path, struct err *e);
/* Removes the ballast; returns whether there was one. */
bool reserve_give_up_ballast(const char *path);

#endif
