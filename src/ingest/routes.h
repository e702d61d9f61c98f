/* Maps paths to what the server does. Pure; any thread. */
#ifndef INGEST_ROUTES_H
#define INGEST_ROUTES_H

#include "base/slice.h"
#include "event/kind.h"
#include "event/segment/segment.h"
#include "http/http.h"

enum route_action {
	ROUTE_EVENTS,    /* store the events in the body */
	ROUTE_WEBHOOK,   /* store the events in the body of Segment's webhook destination */
	ROUTE_BENTO_API, /* store the events or the subscribers (see `kind`) in a body in Bento's
			    own format */
	ROUTE_FLEET,     /* store the events that a box forwards */
	ROUTE_DISCARD,   /* telemetry of the SDKs: answer 200 and keep nothing */
	ROUTE_HEALTH
};

struct route {
	const char *path;
	enum route_action action;
	enum segment_shape shape;
	enum event_kind kind; /* KIND_UNKNOWN: each event's `type` decides */
};

#define ROUTE_FLEET_PATH "/v1/fleet"
#define ROUTE_PATH_MAX 128 /* bytes of a path; a longer one is 404 */

/*
 * Returns the path that the client means. It decodes %XX, removes doubled and final slashes, adds
 * the prefix /v1 when it is missing, and replaces the prefixes of other products with /v1. A path
 * without a route is returned as far as it could be decoded. The functions below take the result.
 */
struct slice route_path(struct slice raw, char to[ROUTE_PATH_MAX]);
/* Whether the path belongs to Bento's API, whose clients expect answers in its format, or is that
 * of a fleet, which uses the same format. */
bool route_is_bento_api(struct slice path);
/* NULL when there is nothing at that path. */
const struct route *route_find(struct slice path);
/* Whether the route stores events. */
bool route_stores(const struct route *r);
/* Whether the route allows the method. OPTIONS is allowed where browsers may post. */
bool route_allows(const struct route *r, enum http_method method);
/* Returns the value of the Allow header. */
const char *route_allowed(const struct route *r);

#endif
