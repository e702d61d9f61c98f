/* Addresses in settings: what is well-formed, and who could reach it. Pure; any thread. */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include <stdbool.h>

#include "base/err.h"

/* "https://host[:port][/path]", or http to a loopback address; no user, query or fragment. */
int address_check_url(const char *text, struct err *e);
/* "ADDRESS:PORT", "[IPv6]:PORT" with a numeric address, or "unix:/path". */
int address_check_listen(const char *text, struct err *e);
/* Only this machine can reach it. The text is one that address_check_listen takes. */
bool address_is_local(const char *listen);

#endif
