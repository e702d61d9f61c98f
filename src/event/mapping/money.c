/*
 * Converts decimal amounts to minor units of a currency, exactly. It reads the digits into an
 * integer and a power of ten, then scales; it refuses results above 2^53 - 1.
 */
#include "event/mapping/money.h"

#include <string.h>

#define POWER_MAX 400 /* more than any double has */

bool
money_code(struct slice text, char ret_code[MONEY_CODE_SIZE])
{
	if (text.n != MONEY_CODE_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c < 'A' || c > 'Z')
			return false;
		ret_code[i] = c;
	}
	ret_code[text.n] = '\0';
	return true;
}

/* The currencies of ISO 4217, list one, whose number of decimals is not two. */
unsigned
money_decimals(const char *code)
{
	static const struct {
		const char *codes;
		unsigned decimals;
	} rows[] = {
		{ "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0 },
		{ "BHD IQD JOD KWD LYD OMR TND", 3 },
		{ "CLF UYW", 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (const char *p = rows[i].codes; p[0] != '\0'; p += p[3] == ' ' ? 4 : 3)
			if (strncmp(p, code, MONEY_CODE_SIZE - 1) == 0)
				return rows[i].decimals;
	return 2;
}

struct decimal {
	const char *p;
	const char *end;
	int64_t value; /* the digits without leading zeros, as many as fit */
	int power;     /* the power of ten that value is multiplied by */
	bool some;     /* at least one digit was read */
};

static void
read_digits(struct decimal *d, bool behind_point)
{
	for (; d->p < d->end && *d->p >= '0' && *d->p <= '9'; d->p++) {
		d->some = true;
		if (d->value > (INT64_MAX - 9) / 10) {
			d->power += behind_point ? 0 : 1;
			continue;
		}
		d->value = d->value * 10 + (*d->p - '0');
		d->power -= behind_point ? 1 : 0;
	}
}

static bool
read_power(struct decimal *d)
{
	bool negative = false, some = false;
	int power = 0;

	if (d->p == d->end || (*d->p != 'e' && *d->p != 'E'))
		return true;
	d->p++;
	if (d->p < d->end && (*d->p == '+' || *d->p == '-'))
		negative = *d->p++ == '-';
	for (; d->p < d->end && *d->p >= '0' && *d->p <= '9'; d->p++) {
		some = true;
		if (power < POWER_MAX)
			power = power * 10 + (*d->p - '0');
	}
	d->power += negative ? -power : power;
	return some;
}

/* Computes value * 10^power as a whole number. Half is rounded up; the caller handles the sign. */
static bool
scale(struct decimal *d, int power)
{
	int last = 0; /* the last digit that was cut off */

	for (; power > 0 && d->value != 0; power--) {
		if (d->value > MONEY_MAX / 10)
			return false;
		d->value *= 10;
	}
	for (; power < 0 && (d->value != 0 || last != 0); power++) {
		last = (int)(d->value % 10);
		d->value /= 10;
	}
	d->value += last >= 5;
	return d->value <= MONEY_MAX;
}

bool
money_minor(struct slice text, unsigned decimals, int64_t *ret_amount)
{
	struct decimal d = { .p = text.p };
	bool negative = false;

	if (text.n == 0)
		return false;
	d.end = text.p + text.n;
	if (*d.p == '-' || *d.p == '+')
		negative = *d.p++ == '-';
	read_digits(&d, false);
	if (d.some && d.p < d.end && *d.p == '.') {
		d.p++;
		d.some = false;
		read_digits(&d, true);
	}
	if (!d.some || !read_power(&d) || d.p != d.end || !scale(&d, d.power + (int)decimals))
		return false;
	*ret_amount = negative ? -d.value : d.value;
	return true;
}
