/* The table of paths, and what a request's head must have. Pure. */
#include "admin/routes.h"

#include <stdio.h>
#include <string.h>

#include "admin/health.h"
#include "admin/metrics.h"
#include "admin/operations.h"
#include "admin/overview.h"
#include "admin/page.h"
#include "base/loopback.h"

static const struct route routes[] = {
	{ "/", page_get },
	{ "/dashboard.css", page_get },
	{ "/dashboard.js", page_get },
	{ "/api.js", page_get },
	{ "/chart.js", page_get },
	{ "/dom.js", page_get },
	{ "/icon.svg", page_get },
	{ "/operations.js", page_get },
	{ "/overview.js", page_get },
	{ "/parts.css", page_get },
	{ "/storage.js", page_get },
	{ "/words.js", page_get },
	{ "/api/overview", overview_get },
	{ "/api/operations", operations_get },
	{ "/metrics", metrics_get },
	{ "/healthz", health_get_live },
	{ "/readyz", health_get_ready },
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
	return r->get != NULL && (method == HTTP_GET || method == HTTP_HEAD);
}

const char *
admin_route_allowed(const struct route *r)
{
	return r->get != NULL ? "GET, HEAD" : "";
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

bool
admin_host_is_local(struct slice host)
{
	char name[64];
	size_t n = host.n == 0 ? 0 : host_length(host);

	if (n == 0 || n >= sizeof(name) || !is_port((struct slice){ host.p + n, host.n - n }))
		return false;
	memcpy(name, host.p, n);
	name[n] = '\0';
	return loopback_host(name);
}
