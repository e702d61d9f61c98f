/* Plurals in messages. Pure. */
#ifndef BASE_PLURAL_H
#define BASE_PLURAL_H

#include <stdint.h>

/* "%lld event%s": nothing for one, s for all others. */
static inline const char *
words_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
