/*
 * Who may post to Bento's own paths: clients of Bento, with the keys of one of our sites as Basic
 * credentials and its site_uuid in the query or the body, as Bento wants them. Whoever has these
 * can post to Bento itself, so no further setting allows it.
 *
 * The credentials are compared in constant time with those of every site, without an early end.
 *
 * Main thread; nothing changes after native_new.
 */
#ifndef INGEST_NATIVE_H
#define INGEST_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define NATIVE_KEYS_MAX 1016 /* bytes of publishable_key:secret_key; a longer pair fits nobody */
#define NATIVE_NOBODY SIZE_MAX

struct native;
struct ingest_site_options;

/* Copies the keys. A site without both of them takes no such posts. */
int native_new(const struct ingest_site_options *sites, size_t n_sites, struct native **ret_native,
    struct err *e);
void native_free(struct native *n);

/* Which pair of keys an Authorization header holds; NATIVE_NOBODY: none of ours. */
size_t native_find_keys(const struct native *n, struct slice authorization);
/* The site with that pair and that site_uuid; false: none. */
bool native_find_site(
    const struct native *n, size_t keys, struct slice site_uuid, int64_t *ret_site_id);
/* The parameter `site_uuid` of a query; to holds its text. Absent when there is none. */
struct slice native_query_site(struct slice query, char *to, size_t room);

#endif
