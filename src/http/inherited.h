/*
 * Listening sockets that the service manager hands over (sd_listen_fds(3), systemd.socket(5)), so
 * that clients can connect while the daemon restarts.
 *
 * They do not add listeners: a socket takes the place of the one that would be bound for the same
 * address. A socket with an address that nobody listens on is an error. Main thread.
 */
#ifndef HTTP_INHERITED_H
#define HTTP_INHERITED_H

#include <stdbool.h>

#include "base/err.h"
#include "http/listen.h"

#define INHERITED_MAX 32
#define INHERITED_NAME_SIZE 64 /* a longer name of a descriptor is cut */

struct inherited_socket {
	int fd; /* -1 once it was taken */
	char name[INHERITED_NAME_SIZE];
	char address[LISTEN_TEXT_MAX]; /* as in a struct listener */
	struct listen_address bound;
};

struct inherited {
	struct inherited_socket socket[INHERITED_MAX];
	size_t n;
};

/*
 * Takes the sockets of $LISTEN_FDS when $LISTEN_PID is this process, and unsets both and
 * $LISTEN_FDNAMES. ERR_INPUT, which names the descriptor: it is not a listening stream socket of
 * IPv4, IPv6 or a path, or two have the same address.
 */
int inherited_take(struct inherited *ret, struct err *e);
/* Makes a listener of the socket with that address. Returns false when there is none. */
bool inherited_find(
    struct inherited *i, const struct listen_address *address, struct listener *ret_listener);
/* ERR_INPUT when a socket is left that no inherited_find asked for. */
int inherited_check_all_found(const struct inherited *i, struct err *e);
/* Closes those that were not found. */
void inherited_close(struct inherited *i);

#endif
