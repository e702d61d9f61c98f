/* One call of OpenSSL's digests, which fails only without memory. */
#include "base/secret/sha256.h"

#include <openssl/evp.h>

int
sha256(struct slice text, unsigned char ret_digest[SHA256_SIZE])
{
	unsigned n;

	return EVP_Digest(text.p, text.n, ret_digest, &n, EVP_sha256(), NULL) == 1 ? 0 : -1;
}
