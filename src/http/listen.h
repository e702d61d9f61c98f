/*
 * The addresses to listen on, as the configuration writes them, and their sockets.
 *
 * Names are not resolved: an address must be numeric. Main thread.
 */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/err.h"

#define LISTEN_TEXT_MAX 128 /* "unix:" and the longest path, or "https://[...]:65535" */

struct listen_address {
	struct sockaddr_storage sockaddr;
	socklen_t size;
	bool is_tls;
	bool local; /* loopback or a unix socket: other machines cannot reach it */
};

/* Parses "127.0.0.1:7300", "[::1]:0", "tls:0.0.0.0:7443" or "unix:/path". Pure. */
int listen_parse(const char *text, struct listen_address *ret_address, struct err *e);

/* Writes the address as struct listener has it. Returns -1 for one that listen_parse does not
 * return. Pure. */
int listen_print(const struct listen_address *a, char ret_text[LISTEN_TEXT_MAX]);

struct listener {
	int fd;
	char address[LISTEN_TEXT_MAX]; /* "http://127.0.0.1:7300" with the real port, or
					  "unix:/path"; "https://..." with TLS */
	bool is_tls;
	bool owns_file; /* a unix socket that listener_open bound */
	/* identifies this file, so that no other is removed at the end */
	struct stat file;
};

/*
 * Binds and listens; the socket is non-blocking and close-on-exec. A unix socket without a listener
 * is replaced. The error names the address and what to do. ERR_BUSY: another program listens there;
 * ERR_NOTFOUND: this machine has no such address or directory; ERR_STATE: not permitted; ERR_INPUT:
 * a file that is not a socket is in the way.
 */
int listener_open(const char *text, struct listener *ret_listener, struct err *e);
/* Closes the listener, and removes a unix socket's file if it is still ours. May be called
 * twice. */
void listener_close(struct listener *l);

#endif
