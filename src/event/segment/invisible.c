/*
 * Invisible characters: the list of RudderStack's sanitize.go, all controls, and the separators and
 * marks of Unicode's general punctuation.
 */
#include "event/segment/invisible.h"

#include <stddef.h>

bool
code_is_invisible(unsigned code)
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
