/*
 * The table of paths. A path that is not in it is 404; a method that the path does not take is
 * 405.
 */
#include "ingest/routes.h"

#include <string.h>

/* In the order of how often they are asked for. */
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
	{ "/v1/m", ROUTE_DISCARD, SEGMENT_SINGLE, KIND_UNKNOWN },
	{ "/healthz", ROUTE_HEALTH, SEGMENT_SINGLE, KIND_UNKNOWN },
};

bool
route_is_bento_api(struct slice path)
{
	static const struct slice prefix = { "/api/v1/", 8 };

	return path.n >= prefix.n && memcmp(path.p, prefix.p, prefix.n) == 0;
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
	       || r->action == ROUTE_BENTO_API;
}

bool
route_allows(const struct route *r, enum http_method method)
{
	if (r->action == ROUTE_HEALTH)
		return method == HTTP_GET || method == HTTP_HEAD;
	return method == HTTP_POST || method == HTTP_OPTIONS;
}

const char *
route_allowed(const struct route *r)
{
	return r->action == ROUTE_HEALTH ? "GET, HEAD" : "POST, OPTIONS";
}
