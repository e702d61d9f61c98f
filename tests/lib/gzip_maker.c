/* Compresses test bodies with zlib, one gzip member in each call. Aborts when zlib or memory
 * fails. */
#include "lib/gzip_maker.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

char *
gzip_make(const char *p, size_t n, int level, size_t *ret_n)
{
	z_stream z = { 0 };
	size_t room;
	char *packed;

	if (deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	room = deflateBound(&z, (uLong)n);
	packed = malloc(room);
	if (packed == NULL)
		abort();
	z.next_in = (z_const unsigned char *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = (unsigned char *)packed;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	*ret_n = z.total_out;
	deflateEnd(&z);
	return packed;
}
