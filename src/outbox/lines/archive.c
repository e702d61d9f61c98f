/*
 * Appends lines to the archive's file of the day: compresses them to one gzip member, appends it,
 * and syncs the file and its directory. After a failed write it cuts the file back to its former
 * size.
 */
#include "outbox/lines/archive.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/isotime.h"
#include "outbox/file/files.h"
#include "outbox/lines/pack.h"

#define PATH_SIZE 4096

static int
write_all(int fd, const unsigned char *p, size_t n, const char *path, struct err *e)
{
	while (n > 0) {
		ssize_t written = write(fd, p, n);

		if (written < 0)
			return err_sys(e, "archive: cannot write %s", path);
		p += written;
		n -= (size_t)written;
	}
	if (fsync(fd) != 0)
		return err_sys(e, "archive: cannot sync %s", path);
	return 0;
}

static int
append_to(const char *path, const unsigned char *p, size_t n, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	off_t before;
	int rc;

	if (fd < 0)
		return err_sys(e, "archive: cannot open %s", path);
	before = lseek(fd, 0, SEEK_END);
	rc = write_all(fd, p, n, path, e);
	if (rc != 0 && before >= 0 && ftruncate(fd, before) != 0)
		err_wrap(e, "%s may end with an incomplete gzip member", path);
	close(fd);
	return rc;
}

int
archive_append(const char *folder, int64_t now, struct slice lines, struct err *e)
{
	char date[ISOTIME_SIZE], path[PATH_SIZE];
	unsigned char *packed = NULL;
	size_t n = 0;
	int rc;

	isotime_format(now, date);
	if (snprintf(path, sizeof(path), "%s/spool-%.10s.ndjson.gz", folder, date)
	    >= (int)sizeof(path))
		return err_set(e, ERR_INPUT, "archive: the directory's name is too long");
	if (pack_gzip(lines, &packed, &n, e) != 0)
		return -1;
	rc = append_to(path, packed, n, e);
	free(packed);
	if (rc == 0 && files_sync_directory(folder, e) != 0)
		rc = err_wrap(e, "archive");
	return rc;
}
