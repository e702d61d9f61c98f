/* Compressed bodies of clients. Aborts without memory. */
#ifndef LIB_GZIP_MAKER_H
#define LIB_GZIP_MAKER_H

#include <stddef.h>

/* Compresses the n bytes at p to one gzip member, at a level from 0 (stored) to 9. The caller frees
 * it. */
char *gzip_make(const char *p, size_t n, int level, size_t *ret_n);

#endif
