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
#define ZLIB_CONST
#include <zlib.h>

#include "base/isotime.h"
#include "outbox/file/files.h"

#define GZIP_WINDOW (15 + 16) /* zlib's window size, with a gzip header */
#define PATH_SIZE 4096
#define MEMORY_LEVEL 8

/* Compresses to one gzip member; the caller frees it. */
static int
compress_lines(struct slice lines, unsigned char **ret_p, size_t *ret_n, struct err *e)
{
	z_stream z = { .next_in = (z_const Bytef *)lines.p, .avail_in = (uInt)lines.n };
	unsigned char *out;
	size_t room;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
		Z_DEFAULT_STRATEGY)
	    != Z_OK)
		return err_nomem(e);
	room = deflateBound(&z, (uLong)lines.n);
	out = malloc(room);
	if (out == NULL) {
		deflateEnd(&z);
		return err_nomem(e);
	}
	z.next_out = out;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END) {
		deflateEnd(&z);
		free(out);
		return err_set(e, ERR_SYSTEM, "archive: cannot compress");
	}
	*ret_p = out;
	*ret_n = room - z.avail_out;
	deflateEnd(&z);
	return 0;
}

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
	if (compress_lines(lines, &packed, &n, e) != 0)
		return -1;
	rc = append_to(path, packed, n, e);
	free(packed);
	if (rc == 0 && files_sync_directory(folder, e) != 0)
		rc = err_wrap(e, "archive");
	return rc;
}
