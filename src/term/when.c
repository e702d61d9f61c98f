/*
 * Parses times and durations that people type, and formats times and ages for them. Durations have
 * at most MAX_DIGITS digits and one unit; an ISO 8601 time is read by base/isotime.
 */
#include "term/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/isotime.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)
#define MAX_DIGITS 9

static int64_t
unit_of(const char *text)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "", SECOND }, { "s", SECOND }, { "m", MINUTE }, { "h", HOUR }, { "d", DAY },
		{ "w", WEEK } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(units[i].name, text) == 0)
			return units[i].ms;
	return 0;
}

int
when_parse_duration(const char *text, int64_t *ret_ms, struct err *e)
{
	const char *p = text;
	int64_t value = 0, unit;

	while (*p >= '0' && *p <= '9' && p - text <= MAX_DIGITS)
		value = value * 10 + (*p++ - '0');
	unit = unit_of(p);
	if (p == text || p - text > MAX_DIGITS || unit == 0)
		return err_set(
		    e, ERR_INPUT, "\"%.40s\" is not a duration: use 90s, 15m, 2h, 3d or 1w", text);
	*ret_ms = value * unit;
	return 0;
}

int
when_parse(const char *text, int64_t now, int64_t *ret_at, struct err *e)
{
	int64_t at;

	if (when_parse_duration(text, &at, NULL) == 0)
		at = now - at;
	else if (isotime_parse((struct slice){ text, strlen(text) }, &at) != 0)
		return err_set(e, ERR_INPUT,
		    "\"%.40s\" is not a time: use 2h or 3d (ago), or 2026-08-01T12:30:00Z", text);
	if (at <= 0)
		return err_set(e, ERR_INPUT, "\"%.40s\" is before 1970", text);
	*ret_at = at;
	return 0;
}

static void
two_units(
    char *to, int64_t ms, int64_t big, const char *big_name, int64_t small, const char *small_name)
{
	int n = snprintf(to, WHEN_AGE_SIZE, "%lld %s", (long long)(ms / big), big_name);

	if (ms % big / small > 0)
		snprintf(to + n, WHEN_AGE_SIZE - (size_t)n, " %d %s", (int)(ms % big / small),
		    small_name);
}

void
when_age(int64_t ms, char ret_text[WHEN_AGE_SIZE])
{
	if (ms < 0)
		ms = 0;
	if (ms < MINUTE)
		snprintf(ret_text, WHEN_AGE_SIZE, "%d s", (int)(ms / SECOND));
	else if (ms < HOUR)
		snprintf(ret_text, WHEN_AGE_SIZE, "%d m", (int)(ms / MINUTE));
	else if (ms < DAY)
		two_units(ret_text, ms, HOUR, "h", MINUTE, "m");
	else
		two_units(ret_text, ms, DAY, "d", HOUR, "h");
}

void
when_for(int64_t now, int64_t at, char ret_text[WHEN_AGE_SIZE])
{
	if (now < CLOCK_FLOOR)
		snprintf(ret_text, WHEN_AGE_SIZE, "clock not set");
	else
		when_age(now - at, ret_text);
}

void
when_ago(int64_t now, int64_t at, char ret_text[WHEN_AGO_SIZE])
{
	char age[WHEN_AGE_SIZE];

	when_for(now, at, age);
	snprintf(ret_text, WHEN_AGO_SIZE, "%s%s", age, now < CLOCK_FLOOR ? "" : " ago");
}

static bool in_utc;

void
when_use_utc(bool utc)
{
	in_utc = utc;
}

const char *
when_zone(void)
{
	static char names[32];

	if (in_utc)
		return "UTC";
	tzset();
	if (daylight != 0 && strcmp(tzname[0], tzname[1]) != 0)
		snprintf(names, sizeof(names), "%.15s/%.15s", tzname[0], tzname[1]);
	else
		snprintf(names, sizeof(names), "%.15s", tzname[0]);
	return names;
}

const char *
when_title(const char *word)
{
	static char title[64];

	snprintf(title, sizeof(title), "%s %s", word, when_zone());
	return title;
}

void
when_time(int64_t at, char ret_text[WHEN_TIME_SIZE])
{
	time_t seconds = (time_t)(at / SECOND);
	struct tm tm;

	snprintf(ret_text, WHEN_TIME_SIZE, "-");
	if (at == 0 || (in_utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm)) == NULL)
		return;
	if (strftime(ret_text, WHEN_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(ret_text, WHEN_TIME_SIZE, "-");
}
