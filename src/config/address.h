/*
 * Addresses in settings: whether they are well-formed, and local. Nothing is resolved. The checks
 * fail with ERR_INPUT, and a text that continues the name of the setting. Pure; any thread.
 */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include <stdbool.h>

#include "base/err.h"

/* "https://host[:port][/path]", or http to a loopback address; no user, query or fragment. */
int address_check_url(const char *text, struct err *e);
/* Such a URL with a path, to which the paths of requests are added. */
int address_check_api_url(const char *text, struct err *e);
/* "ADDRESS:PORT" or "[IPv6]:PORT" with a numeric address, perhaps after "tls:"; or "unix:/path". */
int address_check_listen(const char *text, struct err *e);
/* "https://host[:port]", as a browser names the page in an Origin header; or http with a loopback
 * address. */
int address_check_origin(const char *text, struct err *e);
/* Whether only this machine can reach the address. The text has passed address_check_listen. */
bool address_is_local(const char *listen);

/* Whether one listener would take the address of the other; port 0 is a free one each time. Both
 * texts have passed address_check_listen. */
bool address_collides(const char *listen, const char *other);

/* Whether clients of the address speak TLS. */
bool address_is_tls(const char *listen);

#endif
