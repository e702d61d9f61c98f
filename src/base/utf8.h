/* Reads UTF-8 characters. Pure; inline, because the JSON parser calls it for each character. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

/* Returns the length (1 to 4 bytes) of the character at p, where n > 0 bytes are left; 0 when it is
 * malformed. */
static inline unsigned
utf8_length(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	unsigned length;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	/* The range of the second byte excludes overlong forms, surrogates and code points above
	 * U+10FFFF. */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (n < length || p[1] < low || p[1] > high)
		return 0;
	for (unsigned i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* Returns the code point of a well-formed character that is `length` bytes long. */
static inline unsigned
utf8_code(const char *text, unsigned length)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned code = length == 1 ? p[0] : p[0] & (0x7fu >> length);

	for (unsigned i = 1; i < length; i++)
		code = code << 6 | (p[i] & 0x3f);
	return code;
}

/* Takes the first character off a text that is not empty; 0 for NUL, and for a malformed byte. */
static inline unsigned
utf8_next(struct slice *rest)
{
	unsigned char first = (unsigned char)rest->p[0];
	unsigned length = first < 0x80 ? 1 : utf8_length(rest->p, rest->n);
	unsigned code = length == 0 ? 0 : length == 1 ? first : utf8_code(rest->p, length);

	rest->p += length == 0 ? 1 : length;
	rest->n -= length == 0 ? 1 : length;
	return code;
}

/* Counts the characters of a well-formed text. */
static inline size_t
utf8_count(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

/* Returns the length of the first n bytes of a well-formed text without a character that they cut.
 */
static inline size_t
utf8_whole(const char *text, size_t n)
{
	size_t start = n;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0)
		return n;
	start--;
	return utf8_length(text + start, n - start) == 0 ? start : n;
}

#endif
