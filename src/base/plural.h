/* Plurals in messages. Pure. */
#ifndef BASE_PLURAL_H
#define BASE_PLURAL_H

#include <stdint.h>

/* For "%lld event%s": returns "" for 1, else "s". */
static inline const char *
words_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
