/*
 * After a failed fsync Linux takes the pages for written: a process that starts then reads them
 * from memory, its own syncs succeed, and the disk still lacks them. In the WAL everything behind
 * such a gap would be lost at the next power cut, so whatever is read there is written again first.
 *
 * This opens a file of the database beside SQLite, which is safe for the WAL alone: SQLite holds
 * its POSIX locks on the database and its -shm.
 */
#include "outbox/file/wal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK (256 << 10)

/* Returns 0 at the end of the file. */
static int
rewrite_all(int fd, char *block, const char *path, struct err *e)
{
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, block, BLOCK, at)) > 0) {
		if (pwrite(fd, block, (size_t)n, at) != n)
			return err_sys(e, "cannot write %s", path);
		at += n;
	}
	if (n < 0)
		return err_sys(e, "cannot read %s", path);
	return at == 0 || fdatasync(fd) == 0 ? 0 : err_sys(e, "cannot sync %s", path);
}

int
wal_rewrite(const char *path, struct err *e)
{
	char wal[PATH_MAX], *block;
	int fd, rc;

	if (snprintf(wal, sizeof(wal), "%s-wal", path) >= (int)sizeof(wal))
		return err_set(
		    e, ERR_INPUT, "the path of the database is too long: use a shorter one");
	fd = open(wal, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open %s", wal);
	block = malloc(BLOCK);
	rc = block != NULL ? rewrite_all(fd, block, wal, e) : err_nomem(e);
	free(block);
	close(fd);
	return rc;
}
