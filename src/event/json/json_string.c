/* Decodes, compares and writes JSON strings. Decoding expects a string that the reader has
 * validated. Only a full buffer makes it fail. */
#include <stdio.h>

#include "base/encode.h"
#include "base/utf8.h"
#include "event/json/json.h"
#include "event/json/json_private.h"

#define REPLACEMENT 0xfffdu

/* Writes the 1 to 4 bytes of one code point. */
static unsigned
put_utf8(unsigned code, char to[4])
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xc0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xe0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 0x3f));
		to[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 0x3f));
	to[2] = (char)(0x80 | (code >> 6 & 0x3f));
	to[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static unsigned
hex4(const char *p)
{
	unsigned code = 0;

	for (int i = 0; i < 4; i++)
		code = code << 4 | (unsigned)decode_hex_digit(p[i]);
	return code;
}

/*
 * p points behind "\u"; a surrogate pair is read as a whole. In a validated string four digits
 * follow every "\u", and a closing quote ends it.
 */
static unsigned
read_unicode_escape(const char **p)
{
	unsigned code = hex4(*p), low;

	*p += 4;
	if (code == 0)
		return REPLACEMENT;
	if (code < 0xd800 || code > 0xdfff)
		return code;
	if (code > 0xdbff || (*p)[0] != '\\' || (*p)[1] != 'u')
		return REPLACEMENT;
	low = hex4(*p + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT;
	*p += 6;
	return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

/* *p points at a backslash of a validated string; moves it behind the escape. */
static unsigned
read_escape(const char **p)
{
	char c = (*p)[1];

	*p += 2;
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		return read_unicode_escape(p);
	}
	return (unsigned char)c;
}

static const char *
find_escape(const char *p, const char *end)
{
	return p == end ? NULL : memchr(p, '\\', (size_t)(end - p));
}

bool
json_string_is(struct slice raw, const char *text)
{
	size_t n = strlen(text);
	const char *p, *end;
	char c[4];

	if (raw.n < n + 2)
		return false;
	p = raw.p + 1;
	end = raw.p + raw.n - 1;
	if (find_escape(p, end) == NULL)
		return raw.n == n + 2 && memcmp(p, text, n) == 0;
	while (p < end) {
		unsigned len = 1;

		if (*p == '\\')
			len = put_utf8(read_escape(&p), c);
		else
			c[0] = *p++;
		if (n < len || memcmp(text, c, len) != 0)
			return false;
		text += len;
		n -= len;
	}
	return n == 0;
}

int
json_string_decode(struct slice raw, struct buf *scratch, struct slice *ret_text)
{
	const char *p = raw.p + 1, *end = raw.p + raw.n - 1, *escape = find_escape(p, end);
	char *start, *to;

	if (escape == NULL) {
		*ret_text = (struct slice){ p, (size_t)(end - p) };
		return 0;
	}
	/* decoding an escape never needs more bytes than the escape */
	start = to = buf_reserve(scratch, (size_t)(end - p));
	if (start == NULL)
		return -1;
	for (; escape != NULL; escape = find_escape(p, end)) {
		memcpy(to, p, (size_t)(escape - p));
		to += escape - p;
		p = escape;
		to += put_utf8(read_escape(&p), to);
	}
	memcpy(to, p, (size_t)(end - p));
	to += end - p;
	*to = '\0';
	scratch->n += (size_t)(to - start);
	*ret_text = (struct slice){ start, (size_t)(to - start) };
	return 0;
}

static void
append_escaped(struct buf *to, char c)
{
	static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char text[8] = { '\\' };

	for (const char *s = short_forms; *s != '\0'; s += 2) {
		if (*s == c) {
			text[1] = s[1];
			buf_append(to, text, 2);
			return;
		}
	}
	snprintf(text, sizeof(text), "\\u%04x", (unsigned)(unsigned char)c);
	buf_append(to, text, 6);
}

void
json_string_append(struct buf *to, struct slice text)
{
	const char *p = text.p == NULL ? "" : text.p, *end = p + text.n;

	buf_append_byte(to, '"');
	while (p < end) {
		const char *special = json_scan_plain(p, end);

		buf_append(to, p, (size_t)(special - p));
		p = special;
		if (p == end)
			break;
		if ((unsigned char)*p >= 0x80) {
			unsigned n = utf8_length(p, (size_t)(end - p));

			buf_append(to, n == 0 ? "\xef\xbf\xbd" : p, n == 0 ? 3 : n);
			p += n == 0 ? 1 : n;
		} else {
			append_escaped(to, *p++);
		}
	}
	buf_append_byte(to, '"');
}
