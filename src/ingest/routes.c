/*
 * The table of paths. An unknown path is 404; a method that the path does not allow is 405.
 */
#include "ingest/routes.h"

#include <string.h>

#include "base/encode.h"

/* The most frequent paths come first. */
static const struct route routes[] = {
	{ "/v1/batch", ROUTE_EVENTS, SEGMENT_BATCH, KIND_UNKNOWN },
	{ "/v1/track", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_TRACK },
	{ "/v1/t", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_TRACK },
	{ "/v1/identify", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_IDENTIFY },
	{ "/v1/i", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_IDENTIFY },
	{ "/v1/page", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_PAGE },
	{ "/v1/p", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_PAGE },
	{ "/v1/screen", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_SCREEN },
	{ "/v1/s", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_SCREEN },
	{ "/v1/group", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_GROUP },
	{ "/v1/g", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_GROUP },
	{ "/v1/alias", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_ALIAS },
	{ "/v1/a", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_ALIAS },
	{ "/v1/delete", ROUTE_EVENTS, SEGMENT_SINGLE, KIND_DELETE },
	{ "/v1/b", ROUTE_EVENTS, SEGMENT_BATCH, KIND_UNKNOWN },
	{ "/v1/import", ROUTE_EVENTS, SEGMENT_BATCH, KIND_UNKNOWN },
	{ "/v1/webhook", ROUTE_WEBHOOK, SEGMENT_ARRAY, KIND_UNKNOWN },
	{ "/api/v1/batch/events", ROUTE_BENTO_API, SEGMENT_BATCH, KIND_BENTO },
	{ "/api/v1/batch/subscribers", ROUTE_BENTO_API, SEGMENT_BATCH, KIND_SUBSCRIBER },
	{ ROUTE_FLEET_PATH, ROUTE_FLEET, SEGMENT_BATCH, KIND_UNKNOWN },
	{ "/v1/m", ROUTE_DISCARD, SEGMENT_SINGLE, KIND_UNKNOWN },
	{ "/healthz", ROUTE_HEALTH, SEGMENT_SINGLE, KIND_UNKNOWN },
};

/* RudderStack's beacons and Jitsu's clients use prefixes of their own. */
static const char *const prefixes[] = { "/beacon/v1/", "/api/s/s2s/", "/api/s/", "/" };

static struct slice
fold_slashes(char *path, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		if (path[i] != '/' || to == 0 || path[to - 1] != '/')
			path[to++] = path[i];
	while (to > 1 && path[to - 1] == '/')
		to--;
	return (struct slice){ path, to };
}

/* Replaces the prefix of path by /v1/, when the result is a route for events. */
static bool
has_prefix(struct slice path, const char *prefix, char to[ROUTE_PATH_MAX], struct slice *ret_path)
{
	size_t n = strlen(prefix);
	const struct route *route;
	struct slice rest;

	if (path.n <= n || memcmp(path.p, prefix, n) != 0)
		return false;
	rest = (struct slice){ path.p + n, path.n - n };
	if (rest.n + 4 > ROUTE_PATH_MAX)
		return false;
	memmove(to + 4, rest.p, rest.n);
	memcpy(to, "/v1/", 4);
	*ret_path = (struct slice){ to, rest.n + 4 };
	route = route_find(*ret_path);
	return route != NULL;
}

struct slice
route_path(struct slice raw, char to[ROUTE_PATH_MAX])
{
	char text[ROUTE_PATH_MAX], other[ROUTE_PATH_MAX];
	struct slice path, found;

	if (raw.n > sizeof(text) || route_find(raw) != NULL)
		return raw;
	path = fold_slashes(text, decode_percent(raw, text, sizeof(text)));
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes) && route_find(path) == NULL;
	     i++)
		if (has_prefix(path, prefixes[i], other, &found))
			path = found;
	memcpy(to, path.p, path.n);
	return (struct slice){ to, path.n };
}

bool
route_is_bento_api(struct slice path)
{
	static const struct slice prefix = { "/api/v1/", 8 };

	return slice_equals(path, slice_from(ROUTE_FLEET_PATH))
	       || (path.n >= prefix.n && memcmp(path.p, prefix.p, prefix.n) == 0);
}

const struct route *
route_find(struct slice path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (slice_equals(path, slice_from(routes[i].path)))
			return &routes[i];
	return NULL;
}

bool
route_stores(const struct route *r)
{
	return r->action == ROUTE_EVENTS || r->action == ROUTE_WEBHOOK
	       || r->action == ROUTE_BENTO_API || r->action == ROUTE_FLEET;
}

bool
route_allows(const struct route *r, enum http_method method)
{
	if (r->action == ROUTE_HEALTH)
		return method == HTTP_GET || method == HTTP_HEAD;
	if (r->action == ROUTE_FLEET)
		return method == HTTP_POST || method == HTTP_GET;
	return method == HTTP_POST || method == HTTP_OPTIONS;
}

const char *
route_allowed(const struct route *r)
{
	if (r->action == ROUTE_FLEET)
		return "GET, POST";
	return r->action == ROUTE_HEALTH ? "GET, HEAD" : "POST, OPTIONS";
}
