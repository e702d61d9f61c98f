/*
 * The innermost loops of the JSON reader, for json.c and json_string.c only.
 */
#ifndef EVENT_JSON_JSON_PRIVATE_H
#define EVENT_JSON_JSON_PRIVATE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define JSON_EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/*
 * Sets bit 0x80 of each byte of x that the reader must examine inside a string: quotes,
 * backslashes, control bytes and bytes beyond ASCII. The lowest bit set is always right; the
 * borrows of the subtractions can set wrong bits above it.
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

#ifdef __SSE2__
/* Like json_special_bytes, for 16 bytes: returns one bit for each byte, and all bits are right. As
 * signed numbers, bytes beyond ASCII are below the control bytes. */
static inline unsigned
json_special_of_16(const char *p)
{
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i low = _mm_cmplt_epi8(x, _mm_set1_epi8(0x20));
	__m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
	__m128i backslash = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
}
#endif

static inline bool
json_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Returns the position of the first byte from p on that is not white space, or end. Most texts have
 * no white space, and the rest is mostly indented by long runs of it. */
static inline const char *
json_skip_space(const char *p, const char *end)
{
	uint64_t x;

	if (p < end && (unsigned char)*p > ' ')
		return p;
	while (p < end && json_is_space(*p)) {
		p++;
		while (end - p >= 8 && memcpy(&x, p, 8) != NULL && x == JSON_EACH_BYTE(' '))
			p += 8;
	}
	return p;
}

/* Returns the position of the first byte from p on that json_special_bytes marks, or end. */
static inline const char *
json_scan_plain(const char *p, const char *end)
{
	uint64_t x;

#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		unsigned special = json_special_of_16(p);

		if (special != 0)
			return p + __builtin_ctz(special);
	}
#endif

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
