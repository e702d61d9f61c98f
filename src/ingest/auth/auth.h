/*
 * Who may post: write keys and browser origins. The write key decides the site.
 *
 * Keys are compared in constant time: the given key, padded to a fixed size with its length in
 * front, is compared as a whole with every key in the table. The time shows neither which key was
 * right nor how much of a key. (A digest would hide no more; it would only make the table smaller.)
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
#define AUTH_ORIGIN_MAX 255 /* bytes of an origin; a longer one is unknown */

struct auth;
struct ingest_site_options;

/*
 * Copies the keys and origins. ERR_INPUT: one of several sites has neither keys nor client_names,
 * two sites share a key, or a key is empty or too long.
 */
int auth_new(
    const struct ingest_site_options *sites, size_t n_sites, struct auth **ret_auth, struct err *e);
void auth_free(struct auth *a);

enum auth_result {
	AUTH_ABSENT,  /* no key was given in this place: look in the next one */
	AUTH_UNKNOWN, /* a key was given, but no site has it */
	AUTH_KNOWN
};

/* Looks up a key; ret_site_id is written only with AUTH_KNOWN. When nothing is asked of senders,
 * the result is always AUTH_KNOWN. */
enum auth_result auth_key(const struct auth *a, struct slice key, int64_t *ret_site_id);
/*
 * Decodes the Basic credentials of an Authorization header into `to`. AUTH_ABSENT: another scheme;
 * AUTH_UNKNOWN: the text is not Base64 or does not fit.
 */
enum auth_result auth_basic_text(
    struct slice authorization, char *to, size_t room, struct slice *ret_text);
/* Looks up the user name of Basic credentials as a key; another scheme is AUTH_ABSENT. */
enum auth_result auth_basic(const struct auth *a, struct slice authorization, int64_t *ret_site_id);
/* X-Write-Key: looks up the key, which a colon and an ignored secret may follow. */
enum auth_result auth_header(const struct auth *a, struct slice value, int64_t *ret_site_id);
/* Looks up the parameter `writeKey` of a query string. */
enum auth_result auth_query(const struct auth *a, struct slice query, int64_t *ret_site_id);

/* Decodes the first parameter of a query that begins with name ("writeKey=") into `to`, as far as
 * it fits. Returns false when there is none. */
bool auth_query_get(struct slice query, struct slice name, char *to, size_t room, size_t *ret_n);

/*
 * Whether pages of that origin may post: every origin when write keys are configured (the key is
 * still required), else only the listed ones.
 */
bool auth_origin(const struct auth *a, struct slice origin);
/* Whether allow_origins of a site has the origin. */
bool auth_origin_is_listed(const struct auth *a, struct slice origin);

#endif
