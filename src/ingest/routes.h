/* Paths to what is done there. Pure; any thread. */
#ifndef INGEST_ROUTES_H
#define INGEST_ROUTES_H

#include "base/slice.h"
#include "event/kind.h"
#include "event/segment/segment.h"
#include "ingest/http/http.h"

enum route_action {
	ROUTE_EVENTS,    /* store what the body holds */
	ROUTE_WEBHOOK,   /* the same, as Segment's webhook destination posts it */
	ROUTE_BENTO_API, /* the same, in Bento's own shape: `kind` says of what */
	ROUTE_DISCARD,   /* telemetry of the SDKs: answer 200, keep nothing */
	ROUTE_HEALTH
};

struct route {
	const char *path;
	enum route_action action;
	enum segment_shape shape;
	enum event_kind kind; /* KIND_UNKNOWN: each event's `type` decides */
};

#define ROUTE_PATH_MAX 128 /* bytes of a path; a longer one leads nowhere */

/*
 * The path that clients mean: %XX decoded, doubled slashes and those at the end dropped, the prefix
 * /v1 added where a client left it out, and other products' prefixes replaced by it. Without a
 * route of ours it is returned as far as it was understood. The functions below take it.
 */
struct slice route_path(struct slice raw, char to[ROUTE_PATH_MAX]);
/* Is it a path of Bento's API, whose clients want answers in its shape? */
bool route_is_bento_api(struct slice path);
/* NULL when there is nothing at that path. */
const struct route *route_find(struct slice path);
/* Does it store what is posted there? */
bool route_stores(const struct route *r);
/* OPTIONS counts as allowed where browsers may post. */
bool route_allows(const struct route *r, enum http_method method);
/* The value of an Allow header. */
const char *route_allowed(const struct route *r);

#endif
