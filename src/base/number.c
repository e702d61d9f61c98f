/* Parses whole numbers. It stops at a number above the maximum, before it can overflow. */
#include "base/number.h"

int
number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
	const char *p = text;
	int64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		int digit = *p - '0';

		if (value > (max - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	if (p == text || *p != '\0' || value < min || value > max)
		return -1;
	*ret_value = value;
	return 0;
}
