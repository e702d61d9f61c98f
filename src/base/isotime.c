/*
 * Converts ISO 8601 times to and from milliseconds by counting days of the proleptic Gregorian
 * calendar. It uses neither the time zone database nor printf, because every stored event has
 * several times to convert. Parsing fails on every format that the header does not list.
 */
#include "base/isotime.h"

#include <stdbool.h>
#include <stdio.h>

#define MS_PER_DAY INT64_C(86400000)
#define MAX_MS (INT64_C(253402300800000) - 1) /* 9999-12-31T23:59:59.999Z */
#define MIN_MS INT64_C(-62167219200000)       /* 0000-01-01 */

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
static int64_t
days_from_date(int64_t year, int month, int day)
{
	int64_t era, day_of_year, year_of_era;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
	       - 719468;
}

static void
date_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t era, day_of_era, year_of_era, day_of_year, month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	*ret_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	*ret_month = (int)(month < 10 ? month + 3 : month - 9);
	*ret_year = (int)(year_of_era + era * 400 + (*ret_month <= 2));
}

/* Writes one or more decimal digits, most significant first. printf would cost too much here, and
 * so would a loop whose length is not known when this is compiled. */
static inline __attribute__((always_inline)) char *
put_digits(char *to, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		to[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return to + digits;
}

void
isotime_format(int64_t wall_ms, char ret_text[ISOTIME_SIZE])
{
	int64_t days, rest;
	int year, month, day;
	char *to = ret_text;

	if (wall_ms > MAX_MS)
		wall_ms = MAX_MS;
	if (wall_ms < MIN_MS)
		wall_ms = MIN_MS;
	days = wall_ms / MS_PER_DAY - (wall_ms % MS_PER_DAY < 0);
	rest = wall_ms - days * MS_PER_DAY;
	date_from_days(days, &year, &month, &day);
	to = put_digits(to, year, 4);
	*to++ = '-';
	to = put_digits(to, month, 2);
	*to++ = '-';
	to = put_digits(to, day, 2);
	*to++ = 'T';
	to = put_digits(to, (int)(rest / 3600000), 2);
	*to++ = ':';
	to = put_digits(to, (int)(rest / 60000 % 60), 2);
	*to++ = ':';
	to = put_digits(to, (int)(rest / 1000 % 60), 2);
	*to++ = '.';
	to = put_digits(to, (int)(rest % 1000), 3);
	*to++ = 'Z';
	*to = '\0';
}

struct reader {
	const char *p;
	const char *end;
};

static inline __attribute__((always_inline)) bool
read_digits(struct reader *r, int digits, int min, int max, int *ret_value)
{
	int value = 0;

	if (r->end - r->p < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (r->p[i] < '0' || r->p[i] > '9')
			return false;
		value = value * 10 + (r->p[i] - '0');
	}
	if (value < min || value > max)
		return false;
	r->p += digits;
	*ret_value = value;
	return true;
}

static inline bool
read_char(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool
read_date(struct reader *r, int64_t *ret_days)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day, last;

	if (!read_digits(r, 4, 0, 9999, &year) || !read_char(r, '-')
	    || !read_digits(r, 2, 1, 12, &month) || !read_char(r, '-')
	    || !read_digits(r, 2, 1, 31, &day))
		return false;
	last = month_days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		last = 29;
	if (day > last)
		return false;
	*ret_days = days_from_date(year, month, day);
	return true;
}

/* Reads all digits of a fraction and keeps three. */
static bool
read_fraction(struct reader *r, int *ret_ms)
{
	int ms = 0, scale = 100, digits = 0;

	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++, digits++) {
		ms += (*r->p - '0') * scale;
		scale /= 10;
	}
	*ret_ms = ms;
	return digits > 0;
}

static bool
read_time(struct reader *r, int64_t *ret_ms)
{
	int hour, minute, second = 0, ms = 0;

	if (!read_digits(r, 2, 0, 23, &hour) || !read_char(r, ':')
	    || !read_digits(r, 2, 0, 59, &minute))
		return false;
	if (read_char(r, ':')) {
		/* Second 60 is a leap second: it counts as the first second of the next minute. */
		if (!read_digits(r, 2, 0, 60, &second))
			return false;
		if ((read_char(r, '.') || read_char(r, ',')) && !read_fraction(r, &ms))
			return false;
	}
	*ret_ms = ((int64_t)hour * 60 + minute) * 60000 + (int64_t)second * 1000 + ms;
	return true;
}

static bool
read_offset(struct reader *r, int64_t *ret_ms)
{
	int hour, minute = 0, sign;

	*ret_ms = 0;
	if (r->p == r->end || read_char(r, 'Z') || read_char(r, 'z'))
		return true;
	if (*r->p != '+' && *r->p != '-')
		return false;
	sign = *r->p++ == '+' ? 1 : -1;
	if (!read_digits(r, 2, 0, 23, &hour))
		return false;
	if (read_char(r, ':') || r->p < r->end) {
		if (!read_digits(r, 2, 0, 59, &minute))
			return false;
	}
	*ret_ms = (int64_t)sign * (hour * 60 + minute) * 60000;
	return true;
}

int
isotime_parse(struct slice text, int64_t *ret_wall_ms)
{
	struct reader r;
	int64_t days, ms = 0, offset = 0;

	if (text.p == NULL)
		return -1;
	r = (struct reader){ text.p, text.p + text.n };
	if (!read_date(&r, &days))
		return -1;
	if (r.p < r.end) {
		if (!read_char(&r, 'T') && !read_char(&r, 't') && !read_char(&r, ' '))
			return -1;
		if (!read_time(&r, &ms) || !read_offset(&r, &offset) || r.p != r.end)
			return -1;
	}
	*ret_wall_ms = days * MS_PER_DAY + ms - offset;
	return 0;
}
