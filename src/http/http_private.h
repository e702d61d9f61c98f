/* Classes of bytes in HTTP (RFC 9110, 5.5 and 5.6.2). Private to http.c and http_chunks.c. */
#ifndef HTTP_HTTP_PRIVATE_H
#define HTTP_HTTP_PRIVATE_H

#include <stdbool.h>

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

#endif
