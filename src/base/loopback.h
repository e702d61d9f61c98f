/* Whether the host of a URL or of a listener is this machine. Pure. */
#ifndef BASE_LOOPBACK_H
#define BASE_LOOPBACK_H

#include <stdbool.h>

/* True for "localhost", 127.0.0.0/8, and ::1 with or without brackets. Other names are not looked
 * up. */
bool loopback_host(const char *host);

#endif
