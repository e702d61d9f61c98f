/*
 * Invisible characters: the list of RudderStack's sanitize.go, all controls, and the separators and
 * marks of Unicode's general punctuation. Folding fails on text that cannot equal any word in the
 * tables of acts.c and nobody.c.
 */
#include "event/segment/invisible.h"

#include "base/utf8.h"
#include "event/json/json.h"

bool
invisible_find(unsigned code)
{
	static const struct {
		unsigned first;
		unsigned last;
	} ranges[] = {
		{ 0x0000, 0x001f },
		{ 0x007f, 0x00a0 },
		{ 0x00ad, 0x00ad },
		{ 0x034f, 0x034f },
		{ 0x061c, 0x061c },
		{ 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },
		{ 0x180e, 0x180e },
		{ 0x2000, 0x200f },
		{ 0x2028, 0x202f },
		{ 0x205f, 0x206f },
		{ 0x2800, 0x2800 },
		{ 0x3000, 0x3000 },
		{ 0x3164, 0x3164 },
		{ 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges) && code >= ranges[i].first; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

bool
event_is_blank(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] > ' ')
			return false;
	}
	return true;
}

bool
event_string_is_blank(struct slice raw)
{
	struct slice text;
	struct buf scratch;
	bool blank;

	buf_init(&scratch, raw.n);
	blank = json_string_decode(raw, &scratch, &text) == 0 && event_is_blank(text);
	buf_free(&scratch);
	return blank;
}

/*
 * Whether the character only changes how another one looks, or has no effect. An address or an id
 * may contain such a character, in an emoji for example; the words that are compared with folded
 * text do not.
 */
static bool
is_ignorable(unsigned code)
{
	return (code >= 0x180b && code <= 0x180f) || (code >= 0xfe00 && code <= 0xfe0f)
	       || (code >= 0xfff0 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

static unsigned
narrow(unsigned code)
{
	if (code >= 0xff01 && code <= 0xff5e)
		return code - 0xff01 + '!';
	if (code == 0x017f) /* the long s, whose upper case is S */
		return 's';
	return code == 0xfe69 ? '$' : code;
}

static char
lower(unsigned code)
{
	return (char)(code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code);
}

/* Copies the plain ASCII characters at the start of a text in lower case; returns their number. */
static size_t
fold_plain(struct slice text, char *to, size_t size)
{
	size_t n = 0;

	for (; n < text.n && n < size && text.p[n] > ' ' && text.p[n] <= '~'; n++)
		to[n] = lower((unsigned)text.p[n]);
	return n;
}

bool
visible_fold(struct slice text, bool any_width, char *to, size_t size)
{
	size_t n = fold_plain(text, to, size - 1);

	if (n > 0) /* the pointer of an absent text is NULL, to which nothing may be added */
		text = (struct slice){ text.p + n, text.n - n };
	while (text.n > 0) {
		unsigned code = utf8_next(&text);

		/* U+FFFD stands for an escaped NUL */
		if (code == ' ' || code == 0xfffd || code_is_invisible(code) || is_ignorable(code))
			continue;
		code = any_width ? narrow(code) : code;
		if (code > '~' || n + 1 == size)
			return false;
		to[n++] = lower(code);
	}
	to[n] = '\0';
	return true;
}
