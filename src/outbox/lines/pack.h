/* Compression of whole texts. Any thread. */
#ifndef OUTBOX_LINES_PACK_H
#define OUTBOX_LINES_PACK_H

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

/* Compresses text to one gzip member; the caller frees it. */
int pack_gzip(struct slice text, unsigned char **ret_p, size_t *ret_n, struct err *e);

#endif
