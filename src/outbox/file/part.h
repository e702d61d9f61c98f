/*
 * A file that is called FILE.part while it is written, and gets its name when it is complete and
 * synced. So an incomplete file is recognizable.
 */
#ifndef OUTBOX_FILE_PART_H
#define OUTBOX_FILE_PART_H

#include <stdint.h>

#include "base/err.h"

#define PART_PATH_SIZE 4096

/* ERR_INPUT: the name is too long. */
int part_name(const char *file, char part[PART_PATH_SIZE], struct err *e);
/* Creates the part. Returns a descriptor to write to, or -1. ERR_INPUT: a file of either name
 * exists. */
int part_open(const char *file, struct err *e);
/* Syncs a file that was written by its name. */
int part_sync(const char *path, int64_t *ret_bytes, struct err *e);
/* Gives the written and synced part its name. Never replaces a file. */
int part_finish(const char *file, struct err *e);
void part_remove(const char *file);

#endif
