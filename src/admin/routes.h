/*
 * The paths of the admin listener. To add one, add a row to the table in routes.c, and its function
 * to a file of its own.
 */
#ifndef ADMIN_ROUTES_H
#define ADMIN_ROUTES_H

#include "base/slice.h"
#include "http/http.h"

struct admin_request;
struct admin_reply;

/* Who may use a path. request.c asks before the path's function is called. */
enum route_permission {
	ROUTE_OPEN,       /* everybody; nobody is authenticated */
	ROUTE_ANYONE,     /* everybody; the function learns who asks */
	ROUTE_OPEN_LOCAL, /* everybody where only this machine can connect, and no proxy for others;
			   * elsewhere as ROUTE_READ */
	ROUTE_READ,       /* persons and programs with a token, or a client's certificate */
	ROUTE_ACT         /* those with the act token */
};

struct route {
	const char *path;
	enum route_permission permission;
	/* Answers GET, and HEAD with the same headers; NULL: there is none. Admin's thread; may
	 * read the database. */
	void (*get)(const struct admin_request *r, struct admin_reply *reply);
	/* Answers POST; NULL: there is none. It may also let the request wait (state.h). */
	void (*post)(struct admin_request *r, struct admin_reply *reply);
};

/* NULL: there is nothing at that path. */
const struct route *admin_route_find(struct slice path);
bool admin_route_allows(const struct route *r, enum http_method method);
/* Returns the value of the Allow header. */
const char *admin_route_allowed(const struct route *r);

/* Whether the value of a Host header is this machine: a loopback address or localhost, with or
 * without a port. The name of another site that resolves to this machine is not. Pure. */
bool admin_host_is_local(struct slice host);

#endif
