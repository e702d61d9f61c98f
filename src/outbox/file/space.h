/* The file system of the database: refuses network file systems, measures free space. */
#ifndef OUTBOX_FILE_SPACE_H
#define OUTBOX_FILE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* The directory of path must exist, be writable, and lie on a local file system (doc/sqlite.md:
 * locks and syncs of network file systems are not reliable). The message says what to do. */
int space_check_folder(const char *path, struct err *e);
/* Returns the bytes that an unprivileged process may still write beside path; UINT64_MAX when
 * unknown. */
uint64_t space_free(const char *path);
/* Returns false when a file of so many bytes could not be made beside path: what statvfs does not
 * know, such as a quota, counts. Leaves no file behind. */
bool space_try(const char *path, uint64_t bytes);
/* Returns the size of the file in bytes; UINT64_MAX when unknown. */
uint64_t space_size(const char *path);

#endif
