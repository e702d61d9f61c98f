/*
 * Hexadecimal, Base64 and percent-encoding for keys, signatures and identifiers. OpenSSL converts
 * the digits. This file checks the text first, because OpenSSL's decoder accepts white space and
 * stray padding. Encoding fails only when its buffer fails; decoding fails on malformed text.
 */
#include "base/encode.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

int
decode_hex_digit(char c)
{
	return OPENSSL_hexchar2int((unsigned char)c);
}

void
encode_hex(struct buf *to, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = p;
	char *out = buf_reserve(to, 2 * n);

	if (out == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	to->n += 2 * n;
	to->p[to->n] = '\0';
}

int
decode_hex(struct slice hex, unsigned char *to, size_t n)
{
	if (hex.p == NULL || hex.n != 2 * n)
		return -1;
	for (size_t i = 0; i < hex.n; i++)
		if (decode_hex_digit(hex.p[i]) < 0)
			return -1;
	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)(decode_hex_digit(hex.p[2 * i]) << 4
					| decode_hex_digit(hex.p[2 * i + 1]));
	return 0;
}

void
encode_base64(struct buf *to, struct slice bytes)
{
	size_t n = (bytes.n + 2) / 3 * 4;
	char *out = buf_reserve(to, n);

	if (out == NULL)
		return;
	/* EVP_EncodeBlock also writes a NUL, for which the buffer always has a byte. */
	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)bytes.p, (int)bytes.n);
	to->n += n;
}

static bool
is_base64_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
	       || c == '+' || c == '/';
}

int
decode_base64(struct slice text, char *to, size_t room, size_t *ret_n)
{
	size_t digits = text.n, n = text.n / 4 * 3;

	if (text.n % 4 != 0 || n > room || text.n > INT_MAX)
		return -1;
	for (int i = 0; i < 2 && digits > 0 && text.p[digits - 1] == '='; i++)
		digits--;
	for (size_t i = 0; i < digits; i++)
		if (!is_base64_digit(text.p[i]))
			return -1;
	if (text.n > 0
	    && EVP_DecodeBlock((unsigned char *)to, (const unsigned char *)text.p, (int)text.n)
		   != (int)n)
		return -1;
	*ret_n = n - (text.n - digits);
	return 0;
}

size_t
decode_percent(struct slice text, char *to, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < room; i++) {
		int high = -1, low = -1;

		if (text.p[i] == '%' && i + 2 < text.n) {
			high = decode_hex_digit(text.p[i + 1]);
			low = decode_hex_digit(text.p[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			to[n++] = (char)(high << 4 | low);
			i += 2;
		} else {
			to[n++] = text.p[i];
		}
	}
	return n;
}
