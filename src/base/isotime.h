/*
 * ISO 8601 times as Segment's clients write them and as the views print them. Pure.
 */
#ifndef BASE_ISOTIME_H
#define BASE_ISOTIME_H

#include <stdint.h>

#include "base/slice.h"

#define ISOTIME_SIZE 25 /* "2026-08-01T12:34:56.789Z" and a NUL */

/* Writes wall milliseconds as UTC with milliseconds. Years outside 0000 to 9999 are clamped. */
void isotime_format(int64_t wall_ms, char ret_text[ISOTIME_SIZE]);

/*
 * Reads `YYYY-MM-DD[T| ]HH:MM[:SS[.fraction]][Z|+HH[:MM]|-HHMM]`. A fraction is cut to
 * milliseconds; a time without an offset is UTC; a date alone means midnight. Returns 0, or -1 when
 * the text is not a time.
 */
int isotime_parse(struct slice text, int64_t *ret_wall_ms);

#endif
