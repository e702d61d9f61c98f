/*
 * Reads times as clients write them. A text is tried as ISO 8601, then as a number. Otherwise its
 * date, time and zone are found one by one, written as ISO 8601 and parsed, so that one place
 * checks the ranges. Returns false for text that is not a time.
 */
#include "event/segment/client_time.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/isotime.h"
#include "base/utf8.h"
#include "event/json/json.h"
#include "event/segment/fields.h"
#include "event/segment/invisible.h"

#define TEXT_SIZE 96
#define MS_PER_DAY INT64_C(86400000)
#define FIRST_SECOND 1e8 /* in 1973: smaller numbers are not times */
/* Apple counts seconds from 2001. A number that would mean 1989 to 2001, counted from 1970, is
 * taken for Apple's time, which then lies in 2020 to 2032. */
#define APPLE_FIRST 6e8
#define APPLE_END 1e9
#define APPLE_OFFSET 978307200.0
#define MAX_SECONDS 31557600000.0 /* the limit of Segment's new-date */
#define MAX_MS 1e14
#define MAX_MICROS 1e17
#define MAX_NANOS 1e20

/* ---- numbers ------------------------------------------------------------------------------ */

static bool
read_number(const char *p, double *ret_value)
{
	double value = 0, scale = 1;
	int power = 0, sign = 1, digits = 0;

	for (; *p >= '0' && *p <= '9'; p++, digits++)
		value = value * 10 + (*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, digits++) {
			scale /= 10;
			value += (*p - '0') * scale;
		}
	if (digits > 0 && (*p == 'e' || *p == 'E')) {
		p++;
		if (*p == '+' || *p == '-')
			sign = *p++ == '-' ? -1 : 1;
		for (; *p >= '0' && *p <= '9' && power < 100; p++)
			power = power * 10 + (*p - '0');
	}
	for (; power > 0; power--)
		value = sign > 0 ? value * 10 : value / 10;
	*ret_value = value;
	return digits > 0 && *p == '\0';
}

/* The size of the number gives its unit. */
static bool
read_since_1970(const char *text, int64_t *ret_ms)
{
	double value;

	if (!read_number(text, &value) || value < FIRST_SECOND || value >= MAX_NANOS)
		return false;
	if (value >= APPLE_FIRST && value < APPLE_END)
		value += APPLE_OFFSET;
	if (value < MAX_SECONDS)
		value *= 1000;
	else if (value >= MAX_MICROS)
		value /= 1e6;
	else if (value >= MAX_MS)
		value /= 1e3;
	*ret_ms = (int64_t)(value + 0.0005);
	return true;
}

/* ---- parts -------------------------------------------------------------------------------- */

struct parts {
	int year, month, day; /* 0 when not found */
	int hour, minute, second, ms;
	bool has_time;
	char zone[8]; /* "Z" or "+hh:mm" */
};

static int
digits_at(const char *p)
{
	return (int)strspn(p, "0123456789");
}

static int
number_of(const char *p, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++)
		value = value * 10 + (p[i] - '0');
	return value;
}

static bool
is_between(char c, const char *marks)
{
	return c != '\0' && strchr(marks, c) != NULL;
}

/* Reads hh:mm[:ss[.mmm]], with colons or dots. Returns the position behind it, or NULL. */
static const char *
read_clock(const char *p, struct parts *t)
{
	int n;

	if (digits_at(p) == 6 && !t->has_time) { /* ISO 8601 basic format */
		t->hour = number_of(p, 2);
		t->minute = number_of(p + 2, 2);
		t->second = number_of(p + 4, 2);
		p += 6;
	} else {
		n = digits_at(p);
		if (n < 1 || n > 2 || !is_between(p[n], ":.") || digits_at(p + n + 1) != 2)
			return NULL;
		t->hour = number_of(p, n);
		t->minute = number_of(p + n + 1, 2);
		p += n + 3;
		if (is_between(p[0], ":.") && digits_at(p + 1) == 2) {
			t->second = number_of(p + 1, 2);
			p += 3;
		}
	}
	t->has_time = true;
	if (is_between(p[0], ".,:") && (n = digits_at(p + 1)) > 0) {
		for (int i = 0; i < 3; i++)
			t->ms = t->ms * 10 + (i < n ? p[1 + i] - '0' : 0);
		p += 1 + n;
	}
	return p;
}

/* Skips what Go prints behind the offset: the name of the zone, and the monotonic clock, as in "
 * +0100 CET m=+0.01". */
static const char *
skip_go_zone(const char *p)
{
	const char *name = p + strspn(p, " ");
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-0123456789");

	if (name == p || n == 0 || (name[n] != '\0' && name[n] != ' '))
		return p;
	p = name + n;
	return strncmp(p, " m=", 3) == 0 ? p + strlen(p) : p;
}

/* Reads Z, UTC, GMT, +hh, +hhmm or +hh:mm, after an optional colon or blanks. Returns false when
 * there is no zone. */
static bool
read_zone(const char *p, struct parts *t)
{
	int n;

	p += strspn(p, " :");
	if (strncasecmp(p, "UTC", 3) == 0 || strncasecmp(p, "GMT", 3) == 0)
		p += 3;
	else if (*p == 'Z' || *p == 'z')
		p++;
	snprintf(t->zone, sizeof(t->zone), "Z");
	if (*p == '+' || *p == '-') {
		const char *minutes;

		n = digits_at(p + 1);
		if (n != 2 && n != 4)
			return false;
		minutes = n == 4 ? p + 3 : p[3] == ':' && digits_at(p + 4) == 2 ? p + 4 : "00";
		snprintf(t->zone, sizeof(t->zone), "%.3s:%.2s", p, minutes);
		p = minutes[0] == '0' && n == 2 && p[3] != ':' ? p + 3 : minutes + 2;
		p = skip_go_zone(p);
	}
	p += strspn(p, " ");
	return *p == '\0' || *p == '(' || *p == '[';
}

static int
month_of(const char *p)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12; i++)
		if (strncasecmp(p, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

/* Reads yyyy-mm-dd, yyyy/mm/dd or yyyymmdd. Returns the position behind it, or NULL. */
static const char *
read_iso_date(const char *p, struct parts *t)
{
	if (digits_at(p) == 4 && is_between(p[4], "-/") && digits_at(p + 5) == 2 && p[7] == p[4]
	    && digits_at(p + 8) == 2) {
		t->year = number_of(p, 4);
		t->month = number_of(p + 5, 2);
		t->day = number_of(p + 8, 2);
		return p + 10;
	}
	if (digits_at(p) != 8 || (p[8] != 'T' && p[8] != 't' && p[8] != ' '))
		return NULL;
	t->year = number_of(p, 4);
	t->month = number_of(p + 4, 2);
	t->day = number_of(p + 6, 2);
	return p + 8;
}

/* Reads "Fri, 02 Jan 2026" or "Fri Jan 02 2026". Returns the position behind it, or NULL. */
static const char *
read_named_date(const char *p, struct parts *t)
{
	while (t->year == 0) {
		int n;

		p += strspn(p, " ,-");
		n = digits_at(p);
		if (n == 4 && t->month != 0 && t->day != 0)
			t->year = number_of(p, 4);
		else if ((n == 1 || n == 2) && t->day == 0)
			t->day = number_of(p, n);
		else if (n == 0 && t->month == 0 && *p != '\0')
			t->month = month_of(p);
		else
			return NULL;
		p += n > 0 ? n : (int)strcspn(p, " ,-");
	}
	return p;
}

/* Reads "Fri Jan  2 03:04:05 UTC 2026" of C and Java, with or without the zone. */
static bool
read_asctime(const char *p, struct parts *t)
{
	size_t n = strlen(p);
	char rest[TEXT_SIZE];

	if (n < 6 || digits_at(p) > 0 || p[n - 5] != ' ' || digits_at(p + n - 4) != 4)
		return false;
	t->year = number_of(p + n - 4, 4);
	snprintf(rest, sizeof(rest), "%.*s", (int)(n - 5), p);
	for (p = rest + strcspn(rest, " "); t->day == 0; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (digits_at(p) == 1 || digits_at(p) == 2)
			t->day = number_of(p, digits_at(p));
		else if (t->month == 0 && *p != '\0')
			t->month = month_of(p);
		else
			return false;
	}
	p = read_clock(p + strspn(p, " "), t);
	return t->month != 0 && p != NULL && read_zone(p, t);
}

static bool
read_parts(const char *p, struct parts *t)
{
	const char *end = read_iso_date(p, t);

	if (end == NULL)
		end = read_named_date(p, t);
	if (end == NULL)
		return false;
	p = end + strspn(end, " ,Tt");
	end = read_clock(p, t);
	return end != NULL && read_zone(end, t);
}

static bool
read_apart(const char *text, int64_t *ret_ms)
{
	struct parts t = { 0 };
	bool midnight;
	char iso[64];

	if (!read_parts(text, &t)) {
		t = (struct parts){ 0 };
		if (!read_asctime(text, &t))
			return false;
	}
	midnight = t.hour == 24 && t.minute == 0 && t.second == 0 && t.ms == 0;
	snprintf(iso, sizeof(iso), "%04d-%02d-%02dT%02d:%02d:%02d.%03d%s", t.year, t.month, t.day,
	    midnight ? 0 : t.hour, t.minute, t.second, t.ms, t.zone);
	if (isotime_parse(slice_from(iso), ret_ms) != 0)
		return false;
	*ret_ms += midnight ? MS_PER_DAY : 0;
	return true;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Turns Arabic and Persian digits into ASCII digits and removes outer blanks. Returns false when
 * the text is too long for a time. */
static bool
copy_plain(struct slice text, char to[TEXT_SIZE])
{
	size_t n = 0;

	while (text.n > 0) {
		unsigned code = utf8_next(&text);

		if (code >= 0x660 && code <= 0x669)
			code -= 0x660 - '0';
		else if (code >= 0x6f0 && code <= 0x6f9)
			code -= 0x6f0 - '0';
		if (code_is_invisible(code) || (n == 0 && code == ' '))
			continue;
		if (code == '"') /* a quoted text within the text */
			continue;
		if (code == 0x2212) /* the minus sign */
			code = '-';
		if (code >= 0x80 || n + 1 == TEXT_SIZE)
			return false;
		to[n++] = (char)code;
	}
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
	return n > 0;
}

/* Reads .NET's "/Date(1767323045000+0100)/". The number is UTC; the zone is only for display. */
static bool
read_dot_net(const char *p, int64_t *ret_ms)
{
	char digits[24];
	size_t n;

	if (strncmp(p, "/Date(", 6) != 0)
		return false;
	n = strspn(p + 6, "0123456789");
	if (n == 0 || n >= sizeof(digits) || strchr(")+-", p[6 + n]) == NULL)
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)n, p + 6);
	return read_since_1970(digits, ret_ms);
}

bool
client_time_read(struct slice text, int64_t *ret_ms)
{
	char plain[TEXT_SIZE];

	if (text.p == NULL)
		return false;
	if (isotime_parse(text, ret_ms) == 0)
		return true;
	if (!copy_plain(text, plain))
		return false;
	return isotime_parse(slice_from(plain), ret_ms) == 0 || read_since_1970(plain, ret_ms)
	       || read_apart(plain, ret_ms) || read_dot_net(plain, ret_ms);
}

/* ---- objects ------------------------------------------------------------------------------ */

/* Gets the text of a string or number. Returns false when the value is neither, or is too long for
 * a time. */
static bool
copy_value(const struct json_value *value, char to[TEXT_SIZE])
{
	struct slice text = value->raw;
	struct buf scratch;
	bool fits;

	buf_init(&scratch, TEXT_SIZE);
	fits = (value->type == JSON_NUMBER
		   || (value->type == JSON_STRING
		       && json_string_decode(value->raw, &scratch, &text) == 0))
	       && text.n < TEXT_SIZE;
	if (fits)
		snprintf(to, TEXT_SIZE, "%.*s", (int)text.n, text.p);
	buf_free(&scratch);
	return fits;
}

/* Reads PHP's DateTime: {"date":"2026-01-02 03:04:05.000000","timezone_type":3,"timezone":"UTC"} */
static bool
read_php(struct slice object, int64_t *ret_ms)
{
	struct json_value date = event_find_member(object, "date"),
			  zone = event_find_member(object, "timezone");
	char date_text[TEXT_SIZE], zone_text[TEXT_SIZE], both[2 * TEXT_SIZE];

	if (!copy_value(&date, date_text) || !copy_value(&zone, zone_text))
		return false;
	if (strcasecmp(zone_text, "Etc/UTC") == 0 || strcasecmp(zone_text, "UCT") == 0)
		snprintf(zone_text, sizeof(zone_text), "UTC");
	snprintf(both, sizeof(both), "%s %s", date_text, zone_text);
	return client_time_read(slice_from(both), ret_ms);
}

/* Reads MongoDB's $date: {"$date":"2026-01-02T03:04:05Z"}, a number, or
 * {"$date":{"$numberLong":"1767323045000"}} */
static bool
read_mongo(struct slice object, int64_t *ret_ms)
{
	struct json_value date = event_find_member(object, "$date");
	char text[TEXT_SIZE];

	if (date.type == JSON_OBJECT)
		date = event_find_member(date.raw, "$numberLong");
	return copy_value(&date, text) && client_time_read(slice_from(text), ret_ms);
}

static bool
read_seconds(struct slice object, const char *name, int64_t *ret_ms)
{
	struct json_value seconds = event_find_member(object, name);
	char text[TEXT_SIZE];

	return copy_value(&seconds, text) && read_since_1970(text, ret_ms);
}

bool
client_time_read_object(struct slice object, int64_t *ret_ms)
{
	return read_php(object, ret_ms) || read_mongo(object, ret_ms)
	       || read_seconds(object, "seconds", ret_ms)
	       || read_seconds(object, "_seconds", ret_ms);
}
