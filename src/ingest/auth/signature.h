/*
 * HMAC-SHA1 by OpenSSL, which libcurl brings along anyway. Any thread. It has a file of its own,
 * because OpenSSL's headers and base/err.h both name something ERR_STATE.
 */
#ifndef INGEST_AUTH_SIGNATURE_H
#define INGEST_AUTH_SIGNATURE_H

#include <stdbool.h>

#include "base/slice.h"

#define SIGNATURE_SIZE 20 /* bytes */

/* From hexadecimal digits of either case; -1 when it is not a signature. */
int signature_parse(struct slice hex, unsigned char ret_signature[SIGNATURE_SIZE]);
/* Whether it is the secret's for this text; takes as long wherever they differ. */
bool signature_fits(
    const char *secret, struct slice text, const unsigned char signature[SIGNATURE_SIZE]);

#endif
