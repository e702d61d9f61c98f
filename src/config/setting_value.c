/*
 * Converts a text to the value of a setting, and back. setting_check fails with ERR_INPUT and says
 * what the text must be; setting_store takes a checked text and fails only without memory.
 */
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

#define MASK "********"
#define TEXT_MAX 65536 /* bytes of one value */

/* ---- reading ---------------------------------------------------------------------------------*/

/* Reads digits, and up to `decimals` more behind a point; returns the value times 10^decimals. */
static int
read_decimal(const char *p, int decimals, int64_t *ret_value)
{
	const int64_t limit = INT64_MAX / 10 - 1;
	int64_t value = 0;
	bool point = false, digit = false;

	for (; *p != '\0'; p++) {
		if (*p == '.' && !point && decimals > 0 && digit) {
			point = true;
			digit = false;
			continue;
		}
		if (*p < '0' || *p > '9' || value > limit || (point && decimals-- == 0))
			return -1;
		value = value * 10 + (*p - '0');
		digit = true;
	}
	for (; decimals > 0; decimals--) {
		if (value > limit)
			return -1;
		value *= 10;
	}
	*ret_value = value;
	return digit ? 0 : -1;
}

static int
read_number(const struct setting *s, const char *text, int64_t *ret_value)
{
	int decimals = s->type == SETTING_SECONDS ? 3 : 0;

	if (read_decimal(text, decimals, ret_value) != 0)
		return -1;
	return *ret_value >= s->min && *ret_value <= s->max ? 0 : -1;
}

static int
read_switch(const char *text, bool *ret_value)
{
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "on") == 0;
	bool no = strcmp(text, "false") == 0 || strcmp(text, "no") == 0 || strcmp(text, "off") == 0;

	*ret_value = yes;
	return yes || no ? 0 : -1;
}

static void
print_seconds(int64_t ms, struct buf *to)
{
	buf_printf(to, "%lld", (long long)(ms / 1000));
	if (ms % 1000 != 0) {
		buf_printf(to, ".%03d", (int)(ms % 1000));
		while (to->n > 0 && to->p[to->n - 1] == '0')
			buf_truncate(to, to->n - 1);
	}
}

void
setting_allowed(const struct setting *s, struct buf *to)
{
	switch (s->type) {
	case SETTING_TEXT:
		buf_append_literal(to, "a string");
		return;
	case SETTING_NUMBER:
		buf_printf(
		    to, "a whole number from %lld to %lld", (long long)s->min, (long long)s->max);
		return;
	case SETTING_SECONDS:
		buf_append_literal(to, "a number of seconds from ");
		print_seconds(s->min, to);
		buf_append_literal(to, " to ");
		print_seconds(s->max, to);
		return;
	case SETTING_SWITCH:
		buf_append_literal(to, "true or false");
		return;
	case SETTING_LIST:
		buf_append_literal(to, "a list of strings: {\"...\", \"...\"}");
		return;
	}
}

static int
refuse(const struct setting *s, const char *text, struct err *e)
{
	struct buf allowed;

	buf_init(&allowed, 256);
	setting_allowed(s, &allowed);
	err_set(e, ERR_INPUT, "%s must be %s, not \"%.64s\"", s->name, allowed.p, text);
	buf_free(&allowed);
	return -1;
}

static int
check_text(const struct setting *s, const char *text, struct err *e)
{
	if (strlen(text) > TEXT_MAX)
		return err_set(e, ERR_INPUT, "%s is longer than %d bytes", s->name, TEXT_MAX);
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(
			    e, ERR_INPUT, "%s must not hold control characters", s->name);
	if (s->check != NULL && s->check(text, e) != 0) {
		/* Do not show a URL with @ in it, which may hold a password, or a secret key that
		 * stands in the place of another value. */
		if (s->secret || text[0] == '\0' || strchr(text, '@') != NULL
		    || strncmp(text, "sk_", 3) == 0)
			return err_wrap(e, "%s", s->name);
		return err_wrap(e, "%s = \"%.128s\"", s->name, text);
	}
	return 0;
}

int
setting_check(const struct setting *s, const char *text, struct err *e)
{
	int64_t number;
	bool yes;

	switch (s->type) {
	case SETTING_NUMBER:
	case SETTING_SECONDS:
		if (read_number(s, text, &number) != 0)
			return refuse(s, text, e);
		if (s->check_number != NULL && s->check_number(number, e) != 0)
			return err_wrap(e, "%s = %.64s", s->name, text);
		return 0;
	case SETTING_SWITCH:
		return read_switch(text, &yes) == 0 ? 0 : refuse(s, text, e);
	case SETTING_TEXT:
	case SETTING_LIST:
		return check_text(s, text, e);
	}
	return 0;
}

/* ---- values --------------------------------------------------------------------------------- */

static void *
field(const struct setting *s, void *base)
{
	return (char *)base + s->offset;
}

static const void *
field_const(const struct setting *s, const void *base)
{
	return (const char *)base + s->offset;
}

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static int
store_text(char **slot, const char *text, struct err *e)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return err_nomem(e);
	wipe(*slot);
	*slot = copy;
	return 0;
}

int
config_list_add(struct config_list *list, const char *text, struct err *e)
{
	char **grown = realloc(list->item, (list->n + 1) * sizeof(*grown));

	if (grown == NULL)
		return err_nomem(e);
	list->item = grown;
	list->item[list->n] = strdup(text);
	if (list->item[list->n] == NULL)
		return err_nomem(e);
	list->n++;
	return 0;
}

void
config_list_clear(struct config_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		wipe(list->item[i]);
	free(list->item);
	*list = (struct config_list){ 0 };
}

static int
store_number(const struct setting *s, int64_t *slot, const char *text, struct err *e)
{
	int64_t value;

	if (read_number(s, text, &value) != 0)
		return refuse(s, text, e);
	*slot = value;
	return 0;
}

int
setting_store(const struct setting *s, void *base, const char *text, struct err *e)
{
	switch (s->type) {
	case SETTING_TEXT:
		return store_text(field(s, base), text, e);
	case SETTING_NUMBER:
	case SETTING_SECONDS:
		return store_number(s, field(s, base), text, e);
	case SETTING_SWITCH:
		return read_switch(text, field(s, base)) == 0 ? 0 : refuse(s, text, e);
	case SETTING_LIST:
		return config_list_add(field(s, base), text, e);
	}
	return 0;
}

void
setting_clear(const struct setting *s, void *base)
{
	if (s->type == SETTING_TEXT) {
		char **slot = field(s, base);

		wipe(*slot);
		*slot = NULL;
	}
	if (s->type == SETTING_LIST)
		config_list_clear(field(s, base));
}

int
setting_default(const struct setting *s, void *base, struct err *e)
{
	setting_clear(s, base);
	return s->fallback == NULL ? 0 : setting_store(s, base, s->fallback, e);
}

/* ---- printing ------------------------------------------------------------------------------- */

static void
print_quoted(const struct setting *s, const char *text, struct buf *to)
{
	buf_append_byte(to, '"');
	for (const char *p = s->secret && text[0] != '\0' ? MASK : text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\' || *p == '$')
			buf_append_byte(to, '\\');
		buf_append_byte(to, *p);
	}
	buf_append_byte(to, '"');
}

static void
print_list(const struct setting *s, const struct config_list *list, struct buf *to)
{
	buf_append_byte(to, '{');
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_append_literal(to, ", ");
		print_quoted(s, list->item[i], to);
	}
	buf_append_byte(to, '}');
}

void
setting_print(const struct setting *s, const void *base, struct buf *to)
{
	const void *value = field_const(s, base);

	switch (s->type) {
	case SETTING_TEXT:
		print_quoted(s, *(char *const *)value, to);
		return;
	case SETTING_NUMBER:
		buf_printf(to, "%lld", (long long)*(const int64_t *)value);
		return;
	case SETTING_SECONDS:
		print_seconds(*(const int64_t *)value, to);
		return;
	case SETTING_SWITCH:
		buf_printf(to, "%s", *(const bool *)value ? "true" : "false");
		return;
	case SETTING_LIST:
		print_list(s, value, to);
		return;
	}
}

static bool
list_is_default(const struct setting *s, const struct config_list *list)
{
	if (s->fallback == NULL)
		return list->n == 0;
	return list->n == 1 && strcmp(list->item[0], s->fallback) == 0;
}

bool
setting_is_default(const struct setting *s, const void *base)
{
	const void *value = field_const(s, base);
	int64_t number = 0;
	bool yes = false;

	switch (s->type) {
	case SETTING_TEXT:
		return strcmp(*(char *const *)value, s->fallback) == 0;
	case SETTING_NUMBER:
	case SETTING_SECONDS:
		read_number(s, s->fallback, &number);
		return *(const int64_t *)value == number;
	case SETTING_SWITCH:
		read_switch(s->fallback, &yes);
		return *(const bool *)value == yes;
	case SETTING_LIST:
		return list_is_default(s, value);
	}
	return false;
}

static bool
lists_are_equal(const struct config_list *a, const struct config_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->item[i], b->item[i]) != 0)
			return false;
	return true;
}

bool
setting_is_equal(const struct setting *s, const void *base, const void *other)
{
	const void *a = field_const(s, base), *b = field_const(s, other);

	switch (s->type) {
	case SETTING_TEXT:
		return strcmp(*(char *const *)a, *(char *const *)b) == 0;
	case SETTING_NUMBER:
	case SETTING_SECONDS:
		return *(const int64_t *)a == *(const int64_t *)b;
	case SETTING_SWITCH:
		return *(const bool *)a == *(const bool *)b;
	case SETTING_LIST:
		return lists_are_equal(a, b);
	}
	return false;
}

bool
setting_is_live(const struct setting *s)
{
	return s->live || s->section == SECTION_SITE;
}
