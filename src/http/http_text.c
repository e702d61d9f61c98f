/* Classes of bytes, and small texts of HTTP. Cannot fail. */
#include "http/http_private.h"

#include "http/http.h"

#define T (HTTP_TOKEN | HTTP_VISIBLE)
#define V HTTP_VISIBLE
#define C HTTP_CONTROL

const unsigned char http_chars[256] = {
	[0 ... 8] = C,
	['\n' ... 31] = C,
	['!'] = T,
	['"'] = V,
	['#' ... '\''] = T,
	['(' ... ')'] = V,
	['*' ... '+'] = T,
	[','] = V,
	['-' ... '.'] = T,
	['/'] = V,
	['0' ... '9'] = T,
	[':' ... '@'] = V,
	['A' ... 'Z'] = T,
	['[' ... ']'] = V,
	['^' ... 'z'] = T,
	['{'] = V,
	['|'] = T,
	['}'] = V,
	['~'] = T,
	[127] = C,
};

#undef T
#undef V
#undef C

char
http_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

struct slice
http_trim(struct slice s)
{
	while (s.n > 0 && http_is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && http_is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct slice
http_cut(struct slice *rest, char separator)
{
	const char *end;
	struct slice part;
	size_t used;

	if (rest->n == 0)
		return *rest; /* perhaps NULL, to which nothing may be added */
	end = memchr(rest->p, separator, rest->n);
	part = (struct slice){ rest->p, end == NULL ? rest->n : (size_t)(end - rest->p) };
	used = part.n + (end != NULL);
	rest->p += used;
	rest->n -= used;
	return http_trim(part);
}

bool
http_are(struct slice s, unsigned class)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_is(s.p[i], class))
			return false;
	return s.n > 0;
}

bool
http_is_token(struct slice s)
{
	return http_are(s, HTTP_TOKEN);
}

size_t
http_blank(struct slice bytes)
{
	size_t n = 0;

	while (n + 1 < bytes.n && bytes.p[n] == '\r' && bytes.p[n + 1] == '\n')
		n += 2;
	return n;
}
