/*
 * Gzip bodies, unpacked as they come, into the memory where the body stays.
 *
 * Several members one behind the other are one body (RFC 1952, 2.2). Anything else behind the last
 * of them, a wrong checksum or length, and an end in the midst are errors. A body is given up at
 * the first byte past its limit, so that a small one that unpacks to gigabytes costs no more than
 * an honest one. The outcome does not depend on how the bytes were cut on their way.
 *
 * What zlib holds meanwhile is charged to the quota of bodies. Main thread.
 */
#ifndef INGEST_HTTP_GZIP_H
#define INGEST_HTTP_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#include "base/slice.h"
#include "ingest/http/body.h"

#define GZIP_MEMORY ((size_t)40960) /* bytes that zlib takes to unpack */

enum gzip_result {
	GZIP_OK,        /* all was unpacked; more may come */
	GZIP_BAD,       /* no gzip */
	GZIP_TOO_LARGE, /* more than `max` bytes come out */
	GZIP_NO_ROOM    /* the quota or the memory does not suffice */
};

/* Zeroed: closed. */
struct gzip {
	z_stream z;
	bool open;
	bool between; /* a member has ended, and the next has not begun */
};

/* 0, or -1 without room. */
int gzip_open(struct gzip *g, struct body_quota *q);
/* Appends to `to` what `packed` unpacks to; `to` never holds more than max + 1 bytes. */
enum gzip_result gzip_unpack(
    struct gzip *g, struct slice packed, struct body *to, struct body_quota *q, size_t max);
/* Whether the body may end here. */
bool gzip_is_complete(const struct gzip *g);
/* Bytes that a body of n may have packed: deflate makes what it cannot pack a little longer. */
size_t gzip_max_packed(size_t n);
void gzip_close(struct gzip *g, struct body_quota *q);
/* The library in use, for `bentospool version`. */
const char *gzip_library(void);

#endif
