/*
 * Who may post: write keys and browser origins. The write key decides the site.
 *
 * Keys are compared in constant time: the given key is padded to a fixed size, its length put in
 * front, and compared as a whole with every key in the table, without an early end. How long that
 * takes shows neither which key nor how much of one was right. (A digest would hide no more; it
 * would only make the table smaller.)
 *
 * Main thread; nothing changes after auth_new.
 */
#ifndef INGEST_AUTH_AUTH_H
#define INGEST_AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define AUTH_KEY_MAX 248    /* bytes of a write key */
#define AUTH_ORIGIN_MAX 255 /* bytes of an origin; a longer one is none that we know */

struct auth;
struct ingest_site_options;

/*
 * Copies the keys and origins. ERR_INPUT: a site without keys among several, the same key for two
 * sites, an empty or too long key.
 */
int auth_new(
    const struct ingest_site_options *sites, size_t n_sites, struct auth **ret_auth, struct err *e);
void auth_free(struct auth *a);

enum auth_result {
	AUTH_ABSENT,  /* no key was given there: look in the next place */
	AUTH_UNKNOWN, /* a key was given, and it is none of ours */
	AUTH_KNOWN
};

/* Without configured keys any key is known, and none is needed: AUTH_KNOWN always. ret_site_id is
 * written with AUTH_KNOWN only. */
enum auth_result auth_key(const struct auth *a, struct slice key, int64_t *ret_site_id);
/*
 * The text of an Authorization header's Basic credentials, decoded into `to`: AUTH_KNOWN; other
 * schemes are AUTH_ABSENT, what is not Base64 or does not fit is AUTH_UNKNOWN.
 */
enum auth_result auth_basic_text(
    struct slice authorization, char *to, size_t room, struct slice *ret_text);
/* The user name of an Authorization header's Basic credentials; other schemes are AUTH_ABSENT. */
enum auth_result auth_basic(const struct auth *a, struct slice authorization, int64_t *ret_site_id);
/* X-Write-Key: the key, perhaps followed by a colon and a secret that is ignored. */
enum auth_result auth_header(const struct auth *a, struct slice value, int64_t *ret_site_id);
/* The parameter `writeKey` of a query string. */
enum auth_result auth_query(const struct auth *a, struct slice query, int64_t *ret_site_id);

/* The first parameter of a query that begins with name ("writeKey="), decoded into `to` as far as
 * there is room. False: there is none. */
bool auth_query_get(struct slice query, struct slice name, char *to, size_t room, size_t *ret_n);

/*
 * Whether pages of that origin may post at all: every origin where write keys are configured (the
 * key is still asked for), otherwise those listed only.
 */
bool auth_origin(const struct auth *a, struct slice origin);

#endif
