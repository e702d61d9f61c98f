/* What the headers of a request say about who asks, and from which page. Pure. */
#ifndef ADMIN_WHO_HEADERS_H
#define ADMIN_WHO_HEADERS_H

#include <stdbool.h>

#include "base/slice.h"

struct config_list;

/*
 * Cuts the next cookie of that name off a Cookie header. Returns its value, absent when there is no
 * further one. A name may come twice: pages of other ports of this host can set cookies, too.
 */
struct slice headers_next_cookie(struct slice *cookies, struct slice name);
/* Returns the host in a Host header, without its port; absent when it is malformed. */
struct slice headers_host(struct slice host);
/* Returns the digits of the port in a Host header; absent when it has none, or one that no browser
 * sends. */
struct slice headers_port(struct slice host);
/* Returns the token of an Authorization header; absent for another scheme. */
struct slice headers_bearer(struct slice authorization);
/* Whether a Content-Type is JSON, with or without parameters. */
bool headers_is_json(struct slice content_type);
/* Whether an Origin is the server's own, as the Host header and the listener name it. */
bool headers_is_own_origin(struct slice origin, bool tls, struct slice host);
/* Returns the public URL that an Origin is, because a proxy serves the page there; NULL: none. */
const char *headers_find_url(struct slice origin, const struct config_list *urls);
/* Whether a Host header is the host of one of them, on any port: some proxies leave it out. */
bool headers_is_public_host(struct slice host, const struct config_list *urls);

#endif
