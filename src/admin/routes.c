/* The table of paths, and what a request's head must have. Pure. */
#include "admin/routes.h"

#include <stdio.h>
#include <string.h>

#include "admin/act/act.h"
#include "admin/health.h"
#include "admin/metrics/metrics.h"
#include "admin/overview.h"
#include "admin/page.h"
#include "admin/read/doctor.h"
#include "admin/read/errors.h"
#include "admin/read/event.h"
#include "admin/read/events.h"
#include "admin/read/operations.h"
#include "admin/read/storage.h"
#include "admin/who/headers.h"
#include "admin/who/login.h"
#include "base/loopback.h"

static const struct route routes[] = {
	{ "/", ROUTE_OPEN, page_get, NULL },
	{ "/dashboard.css", ROUTE_OPEN, page_get, NULL },
	{ "/dashboard.js", ROUTE_OPEN, page_get, NULL },
	{ "/act.js", ROUTE_OPEN, page_get, NULL },
	{ "/api.js", ROUTE_OPEN, page_get, NULL },
	{ "/chart.js", ROUTE_OPEN, page_get, NULL },
	{ "/dom.js", ROUTE_OPEN, page_get, NULL },
	{ "/errors.js", ROUTE_OPEN, page_get, NULL },
	{ "/event.js", ROUTE_OPEN, page_get, NULL },
	{ "/events.js", ROUTE_OPEN, page_get, NULL },
	{ "/filter.js", ROUTE_OPEN, page_get, NULL },
	{ "/icon.svg", ROUTE_OPEN, page_get, NULL },
	{ "/operations.js", ROUTE_OPEN, page_get, NULL },
	{ "/overview.js", ROUTE_OPEN, page_get, NULL },
	{ "/parts.css", ROUTE_OPEN, page_get, NULL },
	{ "/session.js", ROUTE_OPEN, page_get, NULL },
	{ "/storage.js", ROUTE_OPEN, page_get, NULL },
	{ "/words.js", ROUTE_OPEN, page_get, NULL },
	{ "/api/session", ROUTE_ANYONE, login_get_session, NULL },
	{ "/api/login", ROUTE_ANYONE, NULL, login_post },
	{ "/api/logout", ROUTE_ANYONE, NULL, login_post_logout },
	{ "/api/act", ROUTE_ACT, NULL, act_post },
	{ "/api/overview", ROUTE_OPEN_LOCAL, overview_get, NULL },
	{ "/api/doctor", ROUTE_READ, doctor_get, doctor_post },
	{ "/api/errors", ROUTE_READ, errors_get, NULL },
	{ "/api/event", ROUTE_READ, event_get, NULL },
	{ "/api/event/body", ROUTE_READ, event_get_body, NULL },
	{ "/api/event/sent", ROUTE_READ, event_get_sent, NULL },
	{ "/api/events", ROUTE_READ, events_get, NULL },
	{ "/api/operation", ROUTE_READ, operations_get_one, NULL },
	{ "/api/storage", ROUTE_READ, storage_get, NULL },
	{ "/api/operations", ROUTE_READ, operations_get, NULL },
	{ "/metrics", ROUTE_OPEN_LOCAL, metrics_get, NULL },
	{ "/healthz", ROUTE_OPEN, health_get_live, NULL },
	{ "/readyz", ROUTE_OPEN, health_get_ready, NULL },
};

const struct route *
admin_route_find(struct slice path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (slice_equals(path, slice_from(routes[i].path)))
			return &routes[i];
	return NULL;
}

bool
admin_route_allows(const struct route *r, enum http_method method)
{
	if (method == HTTP_POST)
		return r->post != NULL;
	return r->get != NULL && (method == HTTP_GET || method == HTTP_HEAD);
}

const char *
admin_route_allowed(const struct route *r)
{
	if (r->post == NULL)
		return "GET, HEAD";
	return r->get != NULL ? "GET, HEAD, POST" : "POST";
}

bool
admin_host_is_local(struct slice host)
{
	struct slice bare = headers_host(host);
	char name[64];

	if (bare.n == 0 || bare.n >= sizeof(name))
		return false;
	memcpy(name, bare.p, bare.n);
	name[bare.n] = '\0';
	return loopback_host(name);
}
