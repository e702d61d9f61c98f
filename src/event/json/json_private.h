/*
 * The innermost loops of the JSON reader, for json.c and json_string.c only.
 */
#ifndef EVENT_JSON_JSON_PRIVATE_H
#define EVENT_JSON_JSON_PRIVATE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define JSON_EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * Sets bit 0x80 of each byte of x that needs a closer look inside a string: quotes, backslashes,
 * control bytes and bytes beyond ASCII. The lowest bit set is exact; a borrow can set wrong bits
 * above it, never below.
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

/* Returns the first such byte from p on, or end. */
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

#endif
