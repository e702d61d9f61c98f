/*
 * Gzip bodies, unpacked as they arrive, into the memory of the body.
 *
 * Consecutive members are one body (RFC 1952, 2.2). Other bytes after the last member, a wrong
 * checksum or length, and a truncated member are errors. Unpacking stops at the first byte past the
 * limit, so that a small body that unpacks to gigabytes costs no more than any other. The result
 * does not depend on how the network divided the bytes.
 *
 * The memory of zlib is charged to the quota of bodies. Main thread.
 */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#include "base/slice.h"
#include "http/body.h"

#define GZIP_MEMORY ((size_t)40960) /* bytes that zlib needs to unpack */

enum gzip_result {
	GZIP_OK,        /* all input was unpacked; more may follow */
	GZIP_BAD,       /* not valid gzip */
	GZIP_TOO_LARGE, /* the output exceeds `max` bytes */
	GZIP_NO_ROOM    /* no quota or no memory is left */
};

/* All zeros when closed. */
struct gzip {
	z_stream z;
	bool open;
	bool between; /* one member has ended and the next has not begun */
};

/* Returns 0, or -1 without room. */
int gzip_open(struct gzip *g, struct body_quota *q);
/* Unpacks `packed` and appends the result to `to`, which never holds more than max + 1 bytes. */
enum gzip_result gzip_unpack(
    struct gzip *g, struct slice packed, struct body *to, struct body_quota *q, size_t max);
/* Whether the bytes unpacked so far are a complete body. */
bool gzip_is_complete(const struct gzip *g);
/* Returns the most bytes that a body of n may have when packed: deflate enlarges incompressible
 * data a little. */
size_t gzip_max_packed(size_t n);
void gzip_close(struct gzip *g, struct body_quota *q);
/* Returns the version of the library, for `bentospool version`. */
const char *gzip_library(void);

#endif
