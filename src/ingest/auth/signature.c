/* HMAC-SHA1 signatures: parses their hexadecimal form and verifies them. Parsing fails on other
 * text. */
#include "ingest/auth/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/encode.h"
#include "base/secret/constant_time.h"

int
signature_parse(struct slice hex, unsigned char ret_signature[SIGNATURE_SIZE])
{
	return decode_hex(hex, ret_signature, SIGNATURE_SIZE);
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
	return constant_time_equal(digest, signature, SIGNATURE_SIZE) != 0;
}
