/*
 * Unpacks gzip bodies with zlib as they arrive, directly into the body's memory. Broken data, bytes
 * after the last member, output past the limit and a full quota each have a result of their own.
 */
#include "http/gzip.h"

#include <stdint.h>

#define ONLY_GZIP (16 + MAX_WBITS) /* zlib option: gzip only, not zlib's own format ("deflate") */
#define DOUBLES_UNTIL ((size_t)65536)

int
gzip_open(struct gzip *g, struct body_quota *q)
{
	if (body_quota_take(q, GZIP_MEMORY) != 0)
		return -1;
	*g = (struct gzip){ 0 };
	if (inflateInit2(&g->z, ONLY_GZIP) != Z_OK) {
		body_quota_give(q, GZIP_MEMORY);
		return -1;
	}
	g->open = true;
	return 0;
}

/* Makes room for at least one more byte. A large body's memory ends at its limit. */
static int
make_room(struct gzip *g, struct body *to, struct body_quota *q, size_t max)
{
	size_t total = to->cap < DOUBLES_UNTIL ? 0 : max + 1;
	size_t room;

	if (body_reserve(to, q, 1, total) != 0)
		return -1;
	room = (to->cap <= max ? to->cap : max + 1) - to->n;
	g->z.next_out = (unsigned char *)to->p + to->n;
	g->z.avail_out = (uInt)room;
	return 0;
}

/* Calls zlib once. ret_more: work is left. */
static enum gzip_result
unpack_some(struct gzip *g, struct body *to, struct body_quota *q, size_t max, bool *ret_more)
{
	int rc;

	if (make_room(g, to, q, max) != 0)
		return GZIP_NO_ROOM;
	rc = inflate(&g->z, Z_NO_FLUSH);
	to->n = (size_t)((char *)g->z.next_out - to->p);
	if (to->n > max)
		return GZIP_TOO_LARGE;
	switch (rc) {
	case Z_STREAM_END:
		g->between = true;
		*ret_more = g->z.avail_in > 0;
		return inflateReset(&g->z) == Z_OK ? GZIP_OK : GZIP_BAD;
	case Z_OK:
	case Z_BUF_ERROR: /* zlib had nothing to do, which is not an error */
		/* output that had no room comes out with the next input, because eight more bytes
		 * end a member */
		*ret_more = g->z.avail_in > 0;
		return GZIP_OK;
	case Z_MEM_ERROR:
		return GZIP_NO_ROOM;
	default:
		return GZIP_BAD;
	}
}

enum gzip_result
gzip_unpack(struct gzip *g, struct slice packed, struct body *to, struct body_quota *q, size_t max)
{
	enum gzip_result result = GZIP_OK;
	bool more = packed.n > 0;

	g->z.next_in = (z_const unsigned char *)(uintptr_t)packed.p;
	g->z.avail_in = (uInt)packed.n;
	while (more && result == GZIP_OK) {
		g->between = false;
		result = unpack_some(g, to, q, max, &more);
	}
	return result;
}

bool
gzip_is_complete(const struct gzip *g)
{
	return g->between;
}

size_t
gzip_max_packed(size_t n)
{
	return n + n / 64 + 1024;
}

void
gzip_close(struct gzip *g, struct body_quota *q)
{
	if (!g->open)
		return;
	inflateEnd(&g->z);
	body_quota_give(q, GZIP_MEMORY);
	g->open = false;
}

const char *
gzip_library(void)
{
	return zlibVersion();
}
