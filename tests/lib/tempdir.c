/* Creates and removes a temporary directory. A test fails when either fails. */
#include "lib/tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
tempdir_make(struct tempdir *t)
{
	const char *base = getenv("TMPDIR");

	snprintf(t->path, sizeof(t->path), "%s/bentospool-test-XXXXXX",
	    base == NULL || base[0] == '\0' ? "/tmp" : base);
	if (mkdtemp(t->path) == NULL) {
		perror(t->path);
		abort();
	}
	snprintf(t->file, sizeof(t->file), "%s/spool.db", t->path);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
tempdir_remove(struct tempdir *t)
{
	nftw(t->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
