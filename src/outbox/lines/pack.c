/* Compresses a text in one call, into memory as large as the worst case needs. Fails without
 * memory. */
#include "outbox/lines/pack.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's window size, with a gzip header */
#define MEMORY_LEVEL 8

int
pack_gzip(struct slice text, unsigned char **ret_p, size_t *ret_n, struct err *e)
{
	z_stream z = { .next_in = (z_const Bytef *)text.p, .avail_in = (uInt)text.n };
	unsigned char *out;
	size_t room;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
		Z_DEFAULT_STRATEGY)
	    != Z_OK)
		return err_nomem(e);
	room = deflateBound(&z, (uLong)text.n);
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
		return err_set(e, ERR_SYSTEM, "cannot compress");
	}
	*ret_p = out;
	*ret_n = room - z.avail_out;
	deflateEnd(&z);
	return 0;
}
