/* Finds the programs that are reading the database, and so keep its WAL from being cut. */
#ifndef OUTBOX_FILE_READERS_H
#define OUTBOX_FILE_READERS_H

#include <stddef.h>

/* Calls found with each other process that holds a read lock of the database at `path`: its id, and
 * its name or "a program". A process may be found several times. Any thread. */
void readers_find(const char *path, void (*found)(void *arg, int pid, const char *name), void *arg);
/*
 * Names the other processes that hold a read lock of the database at `path`, as "sqlite3 (process
 * 4711), python3 (process 4712)"; copied and cut at `size`. "a program" when none can be seen: it
 * ended just now, or runs in another container. Any thread.
 */
void readers_name(const char *path, char *ret_text, size_t size);

#endif
