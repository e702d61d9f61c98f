/* Reads parts of the day. 24:00 is allowed as an end. */
#include "config/fleet/window.h"

#include <ctype.h>
#include <string.h>

static int
two_digits(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

/* Returns minutes since midnight, or -1. */
static int
read_time(const char *p)
{
	int hour, minute;

	if (!isdigit((unsigned char)p[0]) || !isdigit((unsigned char)p[1]) || p[2] != ':'
	    || !isdigit((unsigned char)p[3]) || !isdigit((unsigned char)p[4]))
		return -1;
	hour = two_digits(p);
	minute = two_digits(p + 3);
	if (minute > 59 || hour > 24 || (hour == 24 && minute > 0))
		return -1;
	return hour * 60 + minute;
}

int
window_parse(const char *text, int *ret_from, int *ret_to, struct err *e)
{
	int from = 0, to = 0;

	if (text[0] != '\0') {
		if (strlen(text) != sizeof("HH:MM-HH:MM") - 1 || text[5] != '-'
		    || (from = read_time(text)) < 0 || (to = read_time(text + 6)) < 0
		    || from % 1440 == to % 1440)
			return err_set(e, ERR_INPUT,
			    "must be HH:MM-HH:MM with two different times of the day, such as "
			    "\"22:00-06:00\"");
	}
	*ret_from = from % 1440;
	*ret_to = to % 1440;
	return 0;
}

int
window_check(const char *text, struct err *e)
{
	int from, to;

	return window_parse(text, &from, &to, e);
}
