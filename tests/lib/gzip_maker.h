/* What a client sends compressed. Aborts without memory. */
#ifndef LIB_GZIP_MAKER_H
#define LIB_GZIP_MAKER_H

#include <stddef.h>

/* One gzip member of the n bytes at p, of a level from 0 (stored) to 9. Free it. */
char *gzip_make(const char *p, size_t n, int level, size_t *ret_n);

#endif
