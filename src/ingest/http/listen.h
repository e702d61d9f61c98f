/*
 * Where ingest listens: addresses as the configuration writes them, and the sockets behind them.
 *
 * Names are not resolved: an address says what it means. Main thread.
 */
#ifndef INGEST_HTTP_LISTEN_H
#define INGEST_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/err.h"

#define LISTEN_TEXT_MAX 128 /* "unix:" and the longest path, or "http://[...]:65535" */

struct listen_address {
	struct sockaddr_storage sockaddr;
	socklen_t size;
	bool local; /* loopback or a unix socket: not to be reached from another machine */
};

/* "127.0.0.1:7300", "[::1]:0", "unix:/path". Pure. */
int listen_parse(const char *text, struct listen_address *ret_address, struct err *e);

struct listener {
	int fd;
	char address[LISTEN_TEXT_MAX]; /* "http://127.0.0.1:7300", the real port in it; "unix:/path"
					*/
	bool is_unix;
	struct stat file; /* our unix socket, so that no other file is removed at the end */
};

/*
 * Binds and listens: non-blocking, close-on-exec. A unix socket that nobody listens on any more is
 * replaced. The message names the address and what to do. ERR_BUSY: somebody listens there;
 * ERR_NOTFOUND: this machine has no such address, or no such folder; ERR_STATE: not allowed;
 * ERR_INPUT: a file that is not a socket is in the way.
 */
int listener_open(const char *text, struct listener *ret_listener, struct err *e);
/* Closes; removes a unix socket's file when it is still ours. Closing twice is fine. */
void listener_close(struct listener *l);

#endif
