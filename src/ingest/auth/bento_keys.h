/*
 * Who may post to Bento's own paths: clients of Bento, with the keys of one of our sites as Basic
 * credentials and its site_uuid in the query or the body, as Bento wants them. Whoever has these
 * can post to Bento itself, so no further setting allows it.
 *
 * The credentials are compared in constant time with those of every site, without an early end.
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

#define BENTO_KEYS_MAX 1016 /* bytes of publishable_key:secret_key; a longer pair fits nobody */
#define BENTO_KEYS_NOBODY SIZE_MAX

struct bento_keys;
struct ingest_site_options;

/* Copies the keys. A site without both of them takes no such posts. */
int bento_keys_new(const struct ingest_site_options *sites, size_t n_sites,
    struct bento_keys **ret_keys, struct err *e);
void bento_keys_free(struct bento_keys *n);

/* Which pair of keys an Authorization header holds; BENTO_KEYS_NOBODY: none of ours. */
size_t bento_keys_find_pair(const struct bento_keys *n, struct slice authorization);
/* The site with that pair and that site_uuid; false: none. */
bool bento_keys_find_site(
    const struct bento_keys *n, size_t keys, struct slice site_uuid, int64_t *ret_site_id);
/* The parameter `site_uuid` of a query; to holds its text. Absent when there is none. */
struct slice bento_keys_query_site(struct slice query, char *to, size_t room);

#endif
