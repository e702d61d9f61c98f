/*
 * Parses Retry-After in its two forms. Pure; a value that makes no sense counts as absent.
 */
#include "dispatch/transport/retry_after.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>

/* Longer than any wait here; prevents an overflow of sums. */
#define SECONDS_MAX INT64_C(31536000)

static bool
parse_seconds(const char *text, int64_t *ret_seconds)
{
	int64_t seconds = 0;

	for (; *text >= '0' && *text <= '9'; text++) {
		seconds = seconds * 10 + (*text - '0');
		if (seconds > SECONDS_MAX)
			seconds = SECONDS_MAX;
	}
	*ret_seconds = seconds;
	return *text == '\0';
}

int64_t
retry_after_parse(const char *text, const char *date, int64_t now)
{
	int64_t seconds, from;
	time_t until, answered;

	if (text == NULL || *text == '\0')
		return -1;
	if (parse_seconds(text, &seconds))
		return seconds * 1000;
	/* Every form of HTTP date has a time of day; text without one is not a date. */
	until = strchr(text, ':') == NULL ? -1 : curl_getdate(text, NULL);
	if (until < 0)
		return -1;
	answered = date == NULL ? -1 : curl_getdate(date, NULL);
	from = answered < 0 ? now / 1000 : answered;
	seconds = until - from;
	if (seconds < 0)
		seconds = 0;
	return (seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * 1000;
}
