/* Words that depend on numbers. Pure. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stdint.h>

/* "%lld event%s": nothing for one, s for all others. */
static inline const char *
words_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

#endif
