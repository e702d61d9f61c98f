/*
 * Looks for each @ in a text, in every spelling, and compares the text on both sides with the two
 * halves of the address.
 */
#include "outbox/operate/erase_text.h"
#include "outbox/filter/message_ids.h"

#include <string.h>
#include <strings.h>

#include "outbox/operate/erase.h"

bool
erase_needle_of(struct slice email, struct erase_needle *ret)
{
	const char *at = email.n == 0 ? NULL : memchr(email.p, '@', email.n);

	if (at == NULL || at == email.p || at == email.p + email.n - 1)
		return false;
	ret->loose = false;
	ret->local = (struct slice){ email.p, (size_t)(at - email.p) };
	ret->domain = (struct slice){ at + 1, (size_t)(email.p + email.n - at - 1) };
	return true;
}

/* Returns the length of an @ at this position, in any spelling; 0 when there is none. */
static size_t
at_sign(const char *p, size_t n)
{
	static const char *const ways[] = { "@", "%40", "\\u0040" };

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		size_t length = strlen(ways[i]);

		if (n >= length && strncasecmp(p, ways[i], length) == 0)
			return length;
	}
	return 0;
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	       || c == '-' || c == '_' || c == '+';
}

static bool
is_hex(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((p[i] >= '0' && p[i] <= '9')
			|| ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')))
			return false;
	return true;
}

/*
 * Whether an address can begin here. After a letter or digit the text is a longer address, unless
 * the letter or digit ends an escape.
 */
static bool
begins_at(struct slice text, size_t from)
{
	const char *p = text.p + from;

	if (from == 0 || (!is_word(p[-1]) && p[-1] != '.'))
		return true;
	if (from >= 2 && p[-2] == '\\')
		return true;
	if (from >= 3 && p[-3] == '%' && is_hex(p - 2, 2))
		return true;
	return from >= 6 && p[-6] == '\\' && (p[-5] | 0x20) == 'u' && is_hex(p - 4, 4);
}

/* Whether the @ at `at` belongs to the address. */
static bool
stands_at(struct slice text, size_t at, size_t sign, const struct erase_needle *needle,
    size_t *ret_from, size_t *ret_to)
{
	size_t from = at - needle->local.n, to = at + sign + needle->domain.n;

	if (at < needle->local.n || to > text.n
	    || strncasecmp(text.p + from, needle->local.p, needle->local.n) != 0
	    || strncasecmp(text.p + at + sign, needle->domain.p, needle->domain.n) != 0)
		return false;
	if ((!needle->loose && !begins_at(text, from)) || (to < text.n && is_word(text.p[to])))
		return false;
	*ret_from = from;
	*ret_to = to;
	return true;
}

static bool
find(struct slice text, size_t start, const struct erase_needle *needle, size_t *ret_from,
    size_t *ret_to)
{
	for (size_t i = start; i < text.n; i++) {
		size_t sign;

		if (text.p[i] != '@' && text.p[i] != '%' && text.p[i] != '\\')
			continue;
		sign = at_sign(text.p + i, text.n - i);
		if (sign > 0 && i - start >= needle->local.n
		    && stands_at(text, i, sign, needle, ret_from, ret_to))
			return true;
	}
	return false;
}

bool
erase_text_has(struct slice text, const struct erase_needle *needle)
{
	size_t from, to;

	return text.p != NULL && find(text, 0, needle, &from, &to);
}

bool
erase_text_replace(struct slice text, const struct erase_needle *needle, struct buf *to)
{
	size_t start = 0, from, end;
	bool any = false;

	while (find(text, start, needle, &from, &end)) {
		buf_append(to, text.p + start, from - start);
		buf_append_literal(to, ERASE_WORD);
		start = end;
		any = true;
	}
	if (any)
		buf_append(to, text.p + start, text.n - start);
	return any;
}
