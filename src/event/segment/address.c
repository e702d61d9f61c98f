/*
 * Removes the text around an address: first invisible characters, then one layer after another.
 * Cannot fail: a text that does not mean a single address stays as it is.
 */
#include "event/segment/address.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "event/segment/invisible.h"

static size_t
drop_invisible(char *text, size_t n)
{
	struct slice rest = { text, n };
	size_t to = 0;

	while (rest.n > 0) {
		const char *from = rest.p;
		unsigned code = utf8_next(&rest);

		/* U+FFFD stands for an escaped NUL */
		if (!code_is_invisible(code) && code != 0xfffd) {
			memmove(text + to, from, (size_t)(rest.p - from));
			to += (size_t)(rest.p - from);
		}
	}
	return to;
}

static struct slice
trim(struct slice s)
{
	while (s.n > 0 && s.p[0] == ' ')
		s = (struct slice){ s.p + 1, s.n - 1 };
	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

static struct slice
inside(struct slice s)
{
	return trim((struct slice){ s.p + 1, s.n - 2 });
}

/* Returns the address in "Name <a@b>" or "<a@b>"; any other text unchanged. */
static struct slice
take_off_name(struct slice s)
{
	const char *open = s.n == 0 ? NULL : memrchr(s.p, '<', s.n);

	if (open == NULL || s.p[s.n - 1] != '>')
		return s;
	return inside((struct slice){ open, s.n - (size_t)(open - s.p) });
}

/* Returns the address in "a@b (comment)"; any other text unchanged. */
static struct slice
take_off_comment(struct slice s)
{
	const char *open = s.n == 0 ? NULL : memchr(s.p, '(', s.n);

	if (open == NULL || open == s.p || s.p[s.n - 1] != ')' || open[-1] != ' ')
		return s;
	return trim((struct slice){ s.p, (size_t)(open - s.p) });
}

static struct slice
take_off_quotes(struct slice s)
{
	if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0])
		return inside(s);
	return s;
}

static struct slice
take_off_mailto(struct slice s)
{
	static const char mailto[] = "mailto:";
	size_t n = sizeof(mailto) - 1;
	const char *query;

	if (s.n <= n || strncasecmp(s.p, mailto, n) != 0)
		return s;
	s = (struct slice){ s.p + n, s.n - n };
	query = memchr(s.p, '?', s.n);
	if (query != NULL)
		s.n = (size_t)(query - s.p);
	return trim(s);
}

struct slice
address_clean(char *text, size_t n)
{
	struct slice s = trim((struct slice){ text, drop_invisible(text, n) });

	s = take_off_mailto(take_off_quotes(take_off_comment(take_off_name(s))));
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

bool
address_may_be_guessed(struct slice address)
{
	for (size_t i = 0; i < address.n; i++)
		if (strchr("|/:#\\<>(),;\"' ", address.p[i]) != NULL)
			return false;
	return true;
}
