/*
 * The innermost loops of the JSON reader, shared by json.c and json_string.c. Private to them.
 */
#ifndef EVENT_JSON_JSON_PRIVATE_H
#define EVENT_JSON_JSON_PRIVATE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define JSON_EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * The bits 0x80 of those bytes of x that cannot simply be passed over inside a string: quote,
 * backslash, control bytes, and all that is not ASCII. The lowest bit is exact; a borrow can add
 * bits above it, never below.
 */
static inline uint64_t
json_special_bytes(uint64_t x)
{
	uint64_t quote = x ^ JSON_EACH_BYTE('"');
	uint64_t backslash = x ^ JSON_EACH_BYTE('\\');

	return (x | (x - JSON_EACH_BYTE(0x20)) | (quote - JSON_EACH_BYTE(1))
		   | (backslash - JSON_EACH_BYTE(1)))
	       & JSON_EACH_BYTE(0x80);
}

/* The first byte from p on that is special in the sense above, or end. */
static inline const char *
json_scan_plain(const char *p, const char *end)
{
	uint64_t x;

	while (end - p >= 8) {
		memcpy(&x, p, 8);
		x = json_special_bytes(le64toh(x));
		if (x != 0)
			return p + (__builtin_ctzll(x) >> 3);
		p += 8;
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20
	       && (unsigned char)*p < 0x80)
		p++;
	return p;
}

/* The length of the UTF-8 sequence (2 to 4 bytes) that starts at p, or 0 when it is none. */
static inline unsigned
json_utf8_length(const char *text, const char *end)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	unsigned n;

	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (end - text < (ptrdiff_t)n)
		return 0;
	/* the second byte keeps out overlong forms, surrogates and what lies above U+10FFFF */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (unsigned i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

/* The value of a hexadecimal digit, or -1. */
static inline int
json_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

#endif
