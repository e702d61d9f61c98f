#include "ingest/auth/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
signature_parse(struct slice hex, unsigned char ret_signature[SIGNATURE_SIZE])
{
	unsigned char signature[SIGNATURE_SIZE];

	if (hex.p == NULL || hex.n != 2 * sizeof(signature))
		return -1;
	for (size_t i = 0; i < sizeof(signature); i++) {
		int high = hex_value(hex.p[2 * i]), low = hex_value(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		signature[i] = (unsigned char)(high << 4 | low);
	}
	memcpy(ret_signature, signature, sizeof(signature));
	return 0;
}

bool
signature_fits(const char *secret, struct slice text, const unsigned char signature[SIGNATURE_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)text.p, text.n,
		digest, &n)
		== NULL
	    || n != SIGNATURE_SIZE)
		return false;
	return CRYPTO_memcmp(digest, signature, SIGNATURE_SIZE) == 0;
}
