/*
 * The names in certificates of clients, which decide the site as write keys do. The TLS handshake
 * has proved them. Main thread; nothing changes after client_names_new.
 */
#ifndef INGEST_AUTH_CLIENT_NAMES_H
#define INGEST_AUTH_CLIENT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ingest/auth/auth.h"

struct client_names;
struct ingest_site_options;
struct tls_names;

/* Copies the names. ERR_INPUT: two sites share a name. */
int client_names_new(const struct ingest_site_options *sites, size_t n_sites,
    struct client_names **ret_names, struct err *e);
/* NULL is allowed. */
void client_names_free(struct client_names *c);
/*
 * Finds the site of a client; the case of letters makes no difference. AUTH_ABSENT: `client` is
 * NULL, or no site has one of its names; AUTH_UNKNOWN: two sites have one each.
 */
enum auth_result client_names_find(
    const struct client_names *c, const struct tls_names *client, int64_t *ret_site_id);

#endif
