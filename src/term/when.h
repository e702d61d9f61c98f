/*
 * Times and durations as people type and read them. Any thread, except when_use_utc,
 * when_zone and when_title, which use static memory: main thread.
 */
#ifndef TERM_WHEN_H
#define TERM_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define WHEN_AGE_SIZE 24
#define WHEN_AGO_SIZE (WHEN_AGE_SIZE + 8)
#define WHEN_TIME_SIZE 20 /* "2026-08-01 12:34:56" and a NUL */

/* Parses "90", "90s", "15m", "2h", "3d" or "1w"; a number alone is seconds. */
int when_parse_duration(const char *text, int64_t *ret_ms, struct err *e);
/* Parses an ISO 8601 time, or a duration, which is subtracted from now (wall ms). */
int when_parse(const char *text, int64_t now, int64_t *ret_at, struct err *e);
/* Formats "42 s", "3 m", "2 h 5 m" or "4 d 3 h"; a negative age is 0. */
void when_age(int64_t ms, char ret_text[WHEN_AGE_SIZE]);
/* Formats the time from `at` to now: "3 m", or "clock not set" when now is not a time of a clock
 * that is set (CLOCK_FLOOR). when_ago: "3 m ago". */
void when_for(int64_t now, int64_t at, char ret_text[WHEN_AGE_SIZE]);
void when_ago(int64_t now, int64_t at, char ret_text[WHEN_AGO_SIZE]);
/* Chooses between UTC and the local zone (the default) for the functions below. */
void when_use_utc(bool utc);
/* Returns "UTC" or the names of the local zone, such as "CET/CEST"; valid until the next call. */
const char *when_zone(void);
/* Returns "WORD ZONE", the title of a column of times; valid until the next call. */
const char *when_title(const char *word);
/* Formats a time (wall ms) in the zone of when_zone, without milliseconds; "-" for 0. */
void when_time(int64_t at, char ret_text[WHEN_TIME_SIZE]);

#endif
