/*
 * A borrowed run of bytes. It is not terminated and may hold any byte. p == NULL means absent,
 * which differs from empty. A slice is valid as long as the memory that it points into.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

#define SLICE_NONE ((struct slice){ NULL, 0 })
#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })

static inline struct slice
slice_from(const char *text)
{
	return (struct slice){ text, text == NULL ? 0 : strlen(text) };
}

static inline bool
slice_equals(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#define SLICE_IS(s, literal) slice_equals((s), SLICE(literal))

#endif
