/*
 * A person authenticates by the cookie of a session, a program by a token in each request; on TLS
 * addresses, both may use a certificate instead. A browser sends cookies on its own, so a request
 * that changes something must also show that a page of this listener made it: by its Origin, by its
 * Content-Type, which other pages cannot send unasked, and by the browser's Sec-Fetch-Site.
 */
#include "admin/permission.h"

#include <string.h>

#include "admin/routes.h"
#include "admin/state.h"
#include "admin/who/headers.h"
#include "admin/who/login.h"

#define NEEDS_READ_TOKEN                                                                           \
	"reading this needs a token, but none is configured: set read_token_file in the section "  \
	"admin"

static const struct answer no_read_token = {
	.status = 403, .code = "no_read_token", .message = NEEDS_READ_TOKEN
};
static const struct answer no_act_token = { .status = 403,
	.code = "no_act_token",
	.message = "changing something needs a token, but none is configured: set act_token_file "
		   "in the section "
		   "admin" };
static const struct answer login_required = { .status = 401,
	.code = "login_required",
	.message = "log in first, or send the token: Authorization: Bearer TOKEN" };
static const struct answer acting_not_allowed = { .status = 403,
	.code = "acting_not_allowed",
	.message =
	    "this is the read token, which does not allow changes: log in with the act token" };
static const struct answer wrong_token = { .status = 401,
	.code = "wrong_token",
	.message = "this is neither the token of read_token_file nor the token of act_token_file" };
static const struct answer no_memory = {
	.status = 503, .code = "busy", .message = "out of memory; try again", .retry_after = 1
};
static const struct answer wrong_origin = { .status = 403,
	.code = "origin_not_allowed",
	.message =
	    "the Origin header must name the same scheme, host and port as the request itself, or "
	    "an address in public_url (section admin), where a proxy serves this page; a program "
	    "sends Authorization: Bearer TOKEN and no Origin" };
static const struct answer cross_site = { .status = 403,
	.code = "cross_site",
	.message = "the request comes from a page of another address" };
static const struct answer wrong_type = { .status = 415,
	.code = "content_type_not_allowed",
	.message = "the Content-Type of this request must be application/json" };

/* ---- who ------------------------------------------------------------------------------------- */

/* The first cookie with the secret of a session counts. */
static void
take_session(struct admin_request *r, struct slice cookies)
{
	struct slice name = slice_from(r->cookie), value;

	while (r->session[0] == '\0' && (value = headers_next_cookie(&cookies, name)).p != NULL) {
		const struct who_session *s =
		    who_find(&r->admin->who, value, clock_mono(r->admin->o.clock));

		if (s == NULL)
			continue;
		r->person = s->person;
		memcpy(r->session, value.p, WHO_SECRET_HEX);
	}
}

static const struct answer *
take_bearer(struct admin_request *r, struct slice token)
{
	unsigned wait = 0;

	switch (who_try_token(&r->admin->who, token, &r->from, clock_mono(r->admin->o.clock),
	    &r->person.level, &wait)) {
	case WHO_RIGHT:
		return NULL;
	case WHO_WRONG:
		login_note_failure(r);
		return &wrong_token;
	case WHO_MUST_WAIT:
		r->refusal = (struct answer){ .status = 429,
			.code = LOGIN_TOO_MANY,
			.message = LOGIN_TOO_MANY_WORDS,
			.retry_after = wait };
		return &r->refusal;
	case WHO_NO_MEMORY:
		break;
	}
	return &no_memory;
}

static const struct answer *
find_person(struct admin_request *r, const struct conn *c, const struct http_head *h)
{
	struct slice bearer = headers_bearer(h->authorization);
	struct sockaddr_storage peer;

	login_name_cookie(h->host, r->cookie);
	conn_peer(c, &peer);
	r->from = who_address_of(&peer);
	if (bearer.p != NULL)
		return take_bearer(r, bearer);
	take_session(r, h->cookie);
	if (r->person.level == WHO_NOBODY && conn_client(c) != NULL)
		r->person.level = WHO_READS;
	return NULL;
}

/* ---- whether --------------------------------------------------------------------------------- */

static const struct answer *
check_level(const struct admin_request *r, enum who_level needed)
{
	const struct who_tokens *tokens = &r->admin->who.tokens;

	if (r->person.level >= needed)
		return NULL;
	if (needed == WHO_ACTS && !tokens->has_act)
		return &no_act_token;
	if (r->person.level != WHO_NOBODY)
		return &acting_not_allowed;
	return tokens->has_read || tokens->has_act ? &login_required : &no_read_token;
}

static const struct answer *
check_route(const struct admin_request *r, const struct conn *c)
{
	bool proxied = admin_config(r->admin)->admin.public_url.n > 0;

	switch (r->route->permission) {
	case ROUTE_OPEN:
	case ROUTE_ANYONE:
		break;
	case ROUTE_OPEN_LOCAL:
		return conn_is_local(c) && !proxied ? NULL : check_level(r, WHO_READS);
	case ROUTE_READ:
		return check_level(r, WHO_READS);
	case ROUTE_ACT:
		return check_level(r, WHO_ACTS);
	}
	return NULL;
}

/*
 * Whether a page of this listener sent the request: at the address that the request names, or at
 * one where a proxy serves it. The Host header, which the proxy may change, was checked before. The
 * proxy's host without TLS is another page.
 */
static bool
is_right_origin(struct admin_request *r, const struct conn *c, const struct http_head *h)
{
	const char *url = headers_find_url(h->origin, &admin_config(r->admin)->admin.public_url);

	bool tls = conn_is_tls(c);

	if (url == NULL)
		return (tls || admin_host_is_local(h->host))
		       && headers_is_own_origin(h->origin, tls, h->host);
	r->secure = strncmp(url, "https:", 6) == 0;
	return true;
}

/* A program that sends a token was not sent by a page: browsers add no token on their own. */
static const struct answer *
check_page(struct admin_request *r, const struct conn *c, const struct http_head *h)
{
	bool post = r->method == HTTP_POST, bearer = headers_bearer(h->authorization).p != NULL;

	/* Other headers keep a page from reading what is open to everybody. */
	if (!post && r->route->permission != ROUTE_READ)
		return NULL;
	if (h->fetch_site.p != NULL && !SLICE_IS(h->fetch_site, "same-origin")
	    && (post || !SLICE_IS(h->fetch_site, "none")))
		return &cross_site;
	if (!post)
		return NULL;
	if (h->origin.p == NULL ? !bearer : !is_right_origin(r, c, h))
		return &wrong_origin;
	return headers_is_json(h->content_type) ? NULL : &wrong_type;
}

const struct answer *
permission_check(struct admin_request *r, const struct conn *c, const struct http_head *h)
{
	const struct answer *refusal;

	if (r->route->permission == ROUTE_OPEN)
		return NULL;
	admin_take_tokens(r->admin);
	if ((refusal = check_page(r, c, h)) != NULL || (refusal = find_person(r, c, h)) != NULL)
		return refusal;
	return check_route(r, c);
}
