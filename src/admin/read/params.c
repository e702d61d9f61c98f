/* Splits a query at "&" and "=", and decodes "%41" and "+" in place. Refuses unknown names,
 * so that a misspelled criterion never shows other events than those that were asked for. */
#include "admin/read/params.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns -1 for a "%" without two digits, and for a NUL. */
static int
decode(char *text)
{
	char *to = text;

	for (const char *p = text; *p != '\0'; p++) {
		int high, low;

		if (*p != '%') {
			*to++ = *p == '+' ? ' ' : *p;
			continue;
		}
		high = digit_of(p[1]);
		low = high < 0 ? -1 : digit_of(p[2]);
		if (low < 0 || high + low == 0)
			return -1;
		*to++ = (char)(high << 4 | low);
		p += 2;
	}
	*to = '\0';
	return 0;
}

static int
add(struct params *p, char *pair, const char *const *known, struct err *e)
{
	char *value = strchr(pair, '=');

	if (value != NULL)
		*value++ = '\0';
	if (decode(pair) != 0)
		return err_set(e, ERR_INPUT, "the name of a parameter is badly encoded");
	while (*known != NULL && strcmp(*known, pair) != 0)
		known++;
	if (*known == NULL)
		return err_set(e, ERR_INPUT, "there is no parameter \"%.40s\"", pair);
	if (value == NULL || decode(value) != 0)
		return err_set(e, ERR_INPUT, "%s has no value, or is badly encoded", *known);
	if (params_get(p, *known) != NULL)
		return err_set(e, ERR_INPUT, "%s is given twice", *known);
	if (p->n == PARAMS_MAX)
		return err_set(e, ERR_INPUT, "there are more than %d parameters", PARAMS_MAX);
	p->item[p->n].name = *known;
	p->item[p->n++].value = value;
	return 0;
}

int
params_parse(struct params *p, const char *query, const char *const *known, struct err *e)
{
	char *next = p->text;

	p->n = 0;
	if (strlen(query) >= sizeof(p->text))
		return err_set(e, ERR_INPUT, "the query is longer than %d bytes", PARAMS_SIZE - 1);
	snprintf(p->text, sizeof(p->text), "%s", query);
	for (char *pair = next; pair != NULL; pair = next) {
		next = strchr(pair, '&');
		if (next != NULL)
			*next++ = '\0';
		if (*pair != '\0' && add(p, pair, known, e) != 0)
			return -1;
	}
	return 0;
}

const char *
params_get(const struct params *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->item[i].name, name) == 0)
			return p->item[i].value;
	return NULL;
}

int
params_number(const struct params *p, const char *name, int64_t min, int64_t max,
    int64_t *ret_value, struct err *e)
{
	const char *text = params_get(p, name);

	if (text == NULL || number_parse(text, min, max, ret_value) == 0)
		return 0;
	return err_set(
	    e, ERR_INPUT, "%s must be a whole number from %" PRId64 " to %" PRId64, name, min, max);
}
