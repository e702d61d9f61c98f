/*
 * Who may post to Bento's own paths: clients of Bento that send the keys of a configured site as
 * Basic credentials and its site_uuid in the query or the body, as Bento requires. They could post
 * to Bento itself, so no further setting is needed.
 *
 * The credentials are compared in constant time with those of every site.
 *
 * Main thread; nothing changes after bento_keys_new.
 */
#ifndef INGEST_AUTH_BENTO_KEYS_H
#define INGEST_AUTH_BENTO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define BENTO_KEYS_MAX 1016 /* bytes of publishable_key:secret_key; a longer pair is unknown */
#define BENTO_KEYS_NOBODY SIZE_MAX

struct bento_keys;
struct ingest_site_options;

/* Copies the keys. A site that lacks one of them accepts no such posts. */
int bento_keys_new(const struct ingest_site_options *sites, size_t n_sites,
    struct bento_keys **ret_keys, struct err *e);
void bento_keys_free(struct bento_keys *n);

/* Returns the index of the pair of keys in an Authorization header; BENTO_KEYS_NOBODY when it is
 * unknown. */
size_t bento_keys_find_pair(const struct bento_keys *n, struct slice authorization);
/* Finds the site with that pair and that site_uuid. Returns false when there is none. */
bool bento_keys_find_site(
    const struct bento_keys *n, size_t keys, struct slice site_uuid, int64_t *ret_site_id);
/* Returns the parameter `site_uuid` of a query, decoded into `to`; absent when there is none. */
struct slice bento_keys_query_site(struct slice query, char *to, size_t room);

#endif
