/*
 * Creates, syncs and names a file. A file of either name that exists is never opened or replaced.
 */
#include "outbox/file/part.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/file/files.h"

#define PART_MODE 0640

int
part_name(const char *file, char part[PART_PATH_SIZE], struct err *e)
{
	if (snprintf(part, PART_PATH_SIZE, "%s.part", file) >= PART_PATH_SIZE)
		return err_set(e, ERR_INPUT, "the name %.64s... is too long", file);
	return 0;
}

/* Names the directory that refuses the file: the remedy is one in which this user may write. */
static int
fail_open(const char *part, struct err *e)
{
	int cause = errno;
	char copy[PART_PATH_SIZE], *folder;

	if (cause != EACCES && cause != EPERM && cause != EROFS)
		return err_sys(e, "cannot make %s", part);
	memcpy(copy, part, strlen(part) + 1);
	folder = realpath(dirname(copy), NULL);
	err_set(e, ERR_SYSTEM,
	    "cannot make %s: %s: name a file in a directory where this user may write, which %s is "
	    "not",
	    part, strerror(cause), folder != NULL ? folder : "this one");
	free(folder);
	return -1;
}

/* Opens the file with PART_MODE from the start, and never opens a file that exists. */
int
part_open(const char *file, struct err *e)
{
	char part[PART_PATH_SIZE];
	struct stat st;
	int fd;

	if (part_name(file, part, e) != 0)
		return -1;
	if (lstat(file, &st) == 0)
		return err_set(
		    e, ERR_INPUT, "%s already exists and was not changed: name a new file", file);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, PART_MODE);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_INPUT,
		    "%s is there: another process is writing it, or an earlier attempt was "
		    "interrupted; in that case remove it",
		    part);
	return fd >= 0 ? fd : fail_open(part, e);
}

int
part_sync(const char *path, int64_t *ret_bytes, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rc;

	if (fd < 0)
		return err_sys(e, "cannot open %s", path);
	rc = fsync(fd) == 0 && fstat(fd, &st) == 0 ? 0 : err_sys(e, "cannot sync %s", path);
	if (rc == 0)
		*ret_bytes = st.st_size;
	close(fd);
	return rc;
}

/*
 * Never replaces a file that appeared meanwhile. A kill between link and unlink would leave two
 * names, so they only serve where the file system cannot do it in one step.
 */
static int
give_name(const char *part, const char *file)
{
	if (renameat2(AT_FDCWD, part, AT_FDCWD, file, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(part, file) == 0 ? unlink(part) : -1;
}

int
part_finish(const char *file, struct err *e)
{
	char part[PART_PATH_SIZE];

	if (part_name(file, part, e) != 0)
		return -1;
	if (give_name(part, file) != 0)
		return err_sys(e, "cannot give the file its name %s", file);
	if (files_sync_directory_of(file, e) == 0)
		return 0;
	unlink(file); /* after a failed sync a crash could lose the name */
	return -1;
}

void
part_remove(const char *file)
{
	char part[PART_PATH_SIZE];
	struct err e;

	if (part_name(file, part, &e) == 0)
		unlink(part);
}
