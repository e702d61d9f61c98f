/* Classes of bytes in HTTP (RFC 9110, 5.5 and 5.6.2). Private to http*.c. */
#ifndef HTTP_HTTP_PRIVATE_H
#define HTTP_HTTP_PRIVATE_H

#include <stdbool.h>

#include "base/slice.h"

enum {
	HTTP_TOKEN = 1,   /* allowed in a name */
	HTTP_CONTROL = 2, /* not allowed in a value: all control bytes except the tab */
	HTTP_VISIBLE = 4  /* printable ASCII without the space */
};

extern const unsigned char http_chars[256];

static inline bool
http_is(char c, unsigned classes)
{
	return (http_chars[(unsigned char)c] & classes) != 0;
}

static inline bool
http_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether all bytes are of the classes, and there is one. */
bool http_are(struct slice s, unsigned classes);

#endif
