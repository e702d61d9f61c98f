/* Turns the result of OpenSSL's comparison into a mask. Cannot fail. */
#include "base/secret/constant_time.h"

#include <openssl/crypto.h>

uint64_t
constant_time_equal(const void *a, const void *b, size_t n)
{
	unsigned diff = (unsigned)CRYPTO_memcmp(a, b, n);
	unsigned differs = (diff | (0u - diff)) >> 31;

	return (uint64_t)differs - 1;
}
