/*
 * HMAC-SHA1 by OpenSSL, which libcurl needs anyway. Any thread. The code has a file of its own
 * because OpenSSL's headers and base/err.h both define ERR_STATE.
 */
#ifndef INGEST_AUTH_SIGNATURE_H
#define INGEST_AUTH_SIGNATURE_H

#include <stdbool.h>

#include "base/slice.h"

#define SIGNATURE_SIZE 20 /* bytes */

/* Parses hexadecimal digits of either case. Returns -1 when the text is not a signature. */
int signature_parse(struct slice hex, unsigned char ret_signature[SIGNATURE_SIZE]);
/* Whether the signature belongs to this secret and text. Takes constant time. */
bool signature_fits(
    const char *secret, struct slice text, const unsigned char signature[SIGNATURE_SIZE]);

#endif
