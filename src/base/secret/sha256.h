/*
 * SHA-256 by OpenSSL. Any thread. The code has a file of its own because OpenSSL's headers and
 * base/err.h both define ERR_STATE.
 */
#ifndef BASE_SECRET_SHA256_H
#define BASE_SECRET_SHA256_H

#include "base/slice.h"

#define SHA256_SIZE 32 /* bytes */

/* Returns -1 without memory. */
int sha256(struct slice text, unsigned char ret_digest[SHA256_SIZE]);

#endif
