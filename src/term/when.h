/*
 * Times and durations as people type and read them. Any thread, but for when_use_utc: once, before
 * there are others.
 */
#ifndef TERM_WHEN_H
#define TERM_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define WHEN_AGE_SIZE 24
#define WHEN_TIME_SIZE 20 /* "2026-08-01 12:34:56" and a NUL */

/* "90", "90s", "15m", "2h", "3d", "1w"; a number alone is seconds. */
int when_parse_duration(const char *text, int64_t *ret_ms, struct err *e);
/* An ISO 8601 time, or a duration: so long before now (wall ms). */
int when_parse(const char *text, int64_t now, int64_t *ret_at, struct err *e);
/* "42 s", "3 m", "2 h 5 m", "4 d 3 h"; negative counts as 0. */
void when_age(int64_t ms, char ret_text[WHEN_AGE_SIZE]);
/* Times are printed in UTC, and not in the local zone. */
void when_use_utc(bool utc);
/* "UTC", or the names of the local zone, such as "CET/CEST"; valid until the zone changes. */
const char *when_zone(void);
/* "WORD ZONE" for above a column of times; valid until the next call. */
const char *when_title(const char *word);
/* Without milliseconds, in the zone of when_zone; "-" for 0. */
void when_time(int64_t at, char ret_text[WHEN_TIME_SIZE]);

#endif
