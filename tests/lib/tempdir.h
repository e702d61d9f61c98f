/* A temporary directory for each test, removed with all its contents. */
#ifndef LIB_TEMPDIR_H
#define LIB_TEMPDIR_H

#include <limits.h>

struct tempdir {
	char path[PATH_MAX];
	char file[PATH_MAX + 16]; /* path + "/spool.db" */
};

void tempdir_make(struct tempdir *t);
void tempdir_remove(struct tempdir *t);

#endif
