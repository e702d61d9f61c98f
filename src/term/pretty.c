/*
 * Lays JSON out byte by byte without parsing values. It replaces the white space between values and
 * copies strings and numbers. The input is valid JSON, so only the buffer can fail.
 */
#include "term/pretty.h"

#include <stdbool.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies the string that begins at i, quotes included. Returns the index after it. */
static size_t
copy_string(struct buf *to, struct slice json, size_t i)
{
	size_t start = i++;

	while (i < json.n && json.p[i] != '"')
		i += json.p[i] == '\\' ? 2 : 1;
	i = i < json.n ? i + 1 : json.n;
	buf_append(to, json.p + start, i - start);
	return i;
}

void
pretty_append_line(struct buf *to, struct slice json)
{
	for (size_t i = 0; i < json.n;) {
		if (json.p[i] == '"') {
			i = copy_string(to, json, i);
			continue;
		}
		if (!is_blank(json.p[i]))
			buf_append_byte(to, json.p[i]);
		i++;
	}
}

static void
new_line(struct buf *to, int indent)
{
	buf_printf(to, "\n%*s", indent, "");
}

static size_t
skip_blank(struct slice json, size_t i)
{
	while (i < json.n && is_blank(json.p[i]))
		i++;
	return i;
}

void
pretty_append(struct buf *to, struct slice json, int indent)
{
	buf_printf(to, "%*s", indent, "");
	for (size_t i = skip_blank(json, 0); i < json.n; i = skip_blank(json, i)) {
		char c = json.p[i];

		if (c == '"') {
			i = copy_string(to, json, i);
			continue;
		}
		i++;
		if (c == '}' || c == ']')
			new_line(to, indent -= 2);
		buf_append_byte(to, c);
		if (c == ':')
			buf_append_byte(to, ' ');
		if (c == ',')
			new_line(to, indent);
		if (c != '{' && c != '[')
			continue;
		i = skip_blank(json, i);
		if (i < json.n && (json.p[i] == '}' || json.p[i] == ']'))
			buf_append_byte(to, json.p[i++]); /* an empty container stays on one line */
		else
			new_line(to, indent += 2);
	}
}
