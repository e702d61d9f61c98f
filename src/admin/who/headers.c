/* Compares texts; nothing fails. A malformed value counts as absent. */
#include "admin/who/headers.h"

#include <string.h>

#include "config/config.h"
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

/* The length of the host in "host", "host:port", "[v6]" or "[v6]:port". */
static size_t
host_length(struct slice host)
{
	const char *end = memchr(host.p, host.p[0] == '[' ? ']' : ':', host.n);

	if (end == NULL)
		return host.n;
	return (size_t)(end - host.p) + (*end == ']');
}

/* Whether nothing or a port follows the host. */
static bool
is_port(struct slice rest)
{
	for (size_t i = 0; i < rest.n; i++)
		if (i == 0 ? rest.p[i] != ':' : rest.p[i] < '0' || rest.p[i] > '9')
			return false;
	return true;
}

struct slice
headers_host(struct slice host)
{
	size_t n = host.n == 0 ? 0 : host_length(host);

	if (n == 0 || !is_port((struct slice){ host.p + n, host.n - n }))
		return SLICE_NONE;
	return (struct slice){ host.p, n };
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

const char *
headers_find_url(struct slice origin, const struct config_list *urls)
{
	for (size_t i = 0; i < urls->n; i++)
		if (equals_any_case(origin, slice_from(urls->item[i])))
			return urls->item[i];
	return NULL;
}

bool
headers_is_public_host(struct slice host, const struct config_list *urls)
{
	struct slice name = headers_host(host);

	for (size_t i = 0; i < urls->n && name.n > 0; i++) {
		struct slice url = slice_from(strstr(urls->item[i], "://") + 3);

		if (equals_any_case(name, headers_host(url)))
			return true;
	}
	return false;
}
