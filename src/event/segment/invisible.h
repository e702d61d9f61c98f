/*
 * Characters that a person does not see: blanks other than the space, controls, zero-width and
 * directional marks, fillers. Pure; any thread.
 */
#ifndef EVENT_SEGMENT_INVISIBLE_H
#define EVENT_SEGMENT_INVISIBLE_H

#include <stdbool.h>

#include "base/slice.h"

/* Called by code_is_invisible only. */
bool invisible_find(unsigned code);

/* Inline, because it runs for each character of each id and address. */
static inline bool
code_is_invisible(unsigned code)
{
	return (code < ' ' || code > '~') && invisible_find(code);
}

/* True when text is empty or has only white space and control bytes. */
bool event_is_blank(struct slice text);
/* Whether the decoded string is blank. */
bool event_string_is_blank(struct slice raw);

static inline char
visible_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Returns the first character that visible_fold would write, when the text begins with a letter or
 * digit; else '\0'. */
static inline char
visible_first(struct slice text)
{
	char c = text.n == 0 ? '\0' : visible_lower(text.p[0]);

	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '\0';
}

/*
 * Copies the visible part of a decoded text in lower case, without blanks and invisible characters.
 * With any_width, full-width ASCII, the small dollar sign and the long s become ASCII. Returns
 * false when the result and its NUL do not fit, or when a visible character is not ASCII.
 */
bool visible_fold(struct slice text, bool any_width, char *to, size_t size);

#endif
