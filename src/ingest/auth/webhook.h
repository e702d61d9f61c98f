/*
 * Who may post to /v1/webhook: Segment's webhook destination, which signs with a secret that it
 * shares with the site.
 *
 * X-Signature is the hex HMAC-SHA1 of the body. For an array it covers only the first element, as
 * JSON.stringify prints it. Segment prints the array in the same way, so the signature is computed
 * over the bytes of that element in the body. It does not cover the rest of the array: the secret
 * proves who posts, not what.
 *
 * Main thread; nothing changes after webhook_new.
 */
#ifndef INGEST_AUTH_WEBHOOK_H
#define INGEST_AUTH_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "ingest/auth/signature.h"

#define SIGNATURE_SIZE 20 /* bytes */
/* bytes that are hashed for one request, over all secrets */
#define WEBHOOK_MAX_HASHED ((size_t)33554432)

struct webhook;
struct ingest_site_options;

/* Copies the secrets. ERR_INPUT: two sites share a secret, which then could not decide the site. */
int webhook_new(const struct ingest_site_options *sites, size_t n_sites,
    struct webhook **ret_webhook, struct err *e);
void webhook_free(struct webhook *w);

/* Whether any site has a secret. */
bool webhook_is_used(const struct webhook *w);
/* Whether posts for that site must be signed. */
bool webhook_has_secret(const struct webhook *w, int64_t site_id);
/*
 * Whether the signature of `text` is right. only_site: check that site's secret; NULL: the matching
 * secret decides the site. The time does not depend on which secret matches. ret_site_id is written
 * when the signature is right.
 */
bool webhook_verify(const struct webhook *w, const int64_t *only_site, struct slice text,
    const unsigned char signature[SIGNATURE_SIZE], int64_t *ret_site_id);

#endif
