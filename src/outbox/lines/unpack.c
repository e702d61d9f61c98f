/*
 * Inflates what begins as a gzip member does, and copies everything else. zlib's own gzread is not
 * used, because it ends without an error at bytes after a member that do not begin another one.
 */
#include "outbox/lines/unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK 131072
#define GZIP_WINDOW (15 + 16) /* zlib's window size, with a gzip header */

struct unpack {
	const char *file;
	int fd;
	z_stream gz; /* next_in and avail_in are used for plain text, too */
	bool begun;
	bool packed;
	bool inside; /* a gzip member has begun */
	bool ended;
	unsigned char raw[CHUNK];
};

int
unpack_new(int fd, const char *file, struct unpack **ret_unpack, struct err *e)
{
	struct unpack *u = calloc(1, sizeof(*u));

	if (u == NULL || inflateInit2(&u->gz, GZIP_WINDOW) != Z_OK) {
		free(u);
		close(fd);
		return err_nomem(e);
	}
	u->file = file;
	u->fd = fd;
	*ret_unpack = u;
	return 0;
}

void
unpack_free(struct unpack *u)
{
	if (u == NULL)
		return;
	inflateEnd(&u->gz);
	close(u->fd);
	free(u);
}

/* Reads until there are `wanted` bytes, or the file ends. */
static int
fill(struct unpack *u, size_t wanted, struct err *e)
{
	ssize_t n;

	if (u->gz.avail_in > 0)
		memmove(u->raw, u->gz.next_in, u->gz.avail_in);
	u->gz.next_in = u->raw;
	while (!u->ended && u->gz.avail_in < wanted) {
		n = read(u->fd, u->raw + u->gz.avail_in, CHUNK - u->gz.avail_in);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "cannot read %s", u->file);
		u->gz.avail_in += (unsigned)n;
		u->ended = n == 0;
	}
	return 0;
}

static int
begin(struct unpack *u, struct err *e)
{
	if (fill(u, 2, e) != 0)
		return -1;
	u->packed = u->gz.avail_in >= 2 && u->raw[0] == 0x1f && u->raw[1] == 0x8b;
	u->begun = true;
	return 0;
}

static ssize_t
copy(struct unpack *u, char *to, size_t n)
{
	if (n > u->gz.avail_in)
		n = u->gz.avail_in;
	memcpy(to, u->gz.next_in, n);
	u->gz.next_in += n;
	u->gz.avail_in -= (unsigned)n;
	return (ssize_t)n;
}

static int
damaged(const struct unpack *u, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, "%s is damaged or truncated: %s", u->file, why);
}

/* Inflates until something came out, or the member ends. */
static int
inflate_some(struct unpack *u, struct err *e)
{
	int rc;

	if (!u->inside && inflateReset(&u->gz) != Z_OK)
		return err_nomem(e);
	u->inside = true;
	rc = inflate(&u->gz, Z_NO_FLUSH);
	if (rc == Z_MEM_ERROR)
		return err_nomem(e);
	if (rc != Z_OK && rc != Z_STREAM_END)
		return damaged(u, u->gz.msg == NULL ? "this is not gzip" : u->gz.msg, e);
	u->inside = rc == Z_OK;
	return 0;
}

ssize_t
unpack_read(struct unpack *u, char *to, size_t n, struct err *e)
{
	if (n > INT_MAX)
		n = INT_MAX;
	if (!u->begun && begin(u, e) != 0)
		return -1;
	u->gz.next_out = (unsigned char *)to;
	u->gz.avail_out = (unsigned)n;
	do {
		if (u->gz.avail_in == 0 && fill(u, 1, e) != 0)
			return -1;
		if (!u->packed)
			return copy(u, to, n);
		if (u->gz.avail_in == 0)
			return u->inside ? damaged(u, "it ends inside a gzip member", e) : 0;
		if (inflate_some(u, e) != 0)
			return -1;
	} while (u->gz.avail_out == n);
	return (ssize_t)(n - u->gz.avail_out);
}
