/* Compares texts; nothing fails. A malformed value counts as absent. */
#include "admin/who/headers.h"

#include <string.h>

#include "http/http.h"

static bool
equals_any_case(struct slice a, struct slice b)
{
	size_t i = 0;

	if (a.n != b.n)
		return false;
	while (i < a.n && http_lower(a.p[i]) == http_lower(b.p[i]))
		i++;
	return i == a.n;
}

struct slice
headers_next_cookie(struct slice *cookies, struct slice name)
{
	while (cookies->n > 0) {
		struct slice value = http_cut(cookies, ';');
		bool has_value = value.n > 0 && memchr(value.p, '=', value.n) != NULL;

		if (has_value && slice_equals(http_cut(&value, '='), name))
			return http_trim(value);
	}
	return SLICE_NONE;
}

struct slice
headers_port(struct slice host)
{
	size_t n = 0;

	while (n < host.n && host.p[host.n - n - 1] >= '0' && host.p[host.n - n - 1] <= '9')
		n++;
	if (n == 0 || n > 5 || n == host.n || host.p[host.n - n - 1] != ':')
		return SLICE_NONE;
	/* Without brackets the colon of an IPv6 address is none of a port. */
	if (host.p[0] == '[' && host.p[host.n - n - 2] != ']')
		return SLICE_NONE;
	return (struct slice){ host.p + host.n - n, n };
}

struct slice
headers_bearer(struct slice authorization)
{
	struct slice scheme = http_cut(&authorization, ' ');

	if (scheme.p == NULL || !equals_any_case(scheme, SLICE("bearer")))
		return SLICE_NONE;
	authorization = http_trim(authorization);
	return authorization.n == 0 ? SLICE("") : authorization;
}

bool
headers_is_json(struct slice content_type)
{
	return equals_any_case(http_cut(&content_type, ';'), SLICE("application/json"));
}

bool
headers_is_own_origin(struct slice origin, bool tls, struct slice host)
{
	struct slice scheme = tls ? SLICE("https://") : SLICE("http://");

	if (host.n == 0 || origin.n <= scheme.n
	    || !equals_any_case((struct slice){ origin.p, scheme.n }, scheme))
		return false;
	return equals_any_case((struct slice){ origin.p + scheme.n, origin.n - scheme.n }, host);
}
