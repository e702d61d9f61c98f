/*
 * Listening addresses and their sockets. Parses an address without a resolver, binds a socket, and
 * replaces a stale unix socket. Each error says what to do.
 */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 511 /* connections that wait for accept; the kernel may use less */
#define UNIX_MODE 0660

/* ---- addresses ---------------------------------------------------------------------- */

static int
parse_port(const char *text, in_port_t *ret_port)
{
	unsigned port = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && port <= 65535; p++)
		port = port * 10 + (unsigned)(*p - '0');
	if (p == text || *p != '\0' || port > 65535)
		return -1;
	*ret_port = htons((in_port_t)port);
	return 0;
}

static int
parse_ipv4(const char *host, in_port_t port, struct listen_address *a)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = port };

	if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return -1;
	memcpy(&a->sockaddr, &in, sizeof(in));
	a->size = sizeof(in);
	a->local = (ntohl(in.sin_addr.s_addr) >> 24) == 127;
	return 0;
}

static int
parse_ipv6(const char *host, in_port_t port, struct listen_address *a)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = port };

	if (inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
		return -1;
	memcpy(&a->sockaddr, &in6, sizeof(in6));
	a->size = sizeof(in6);
	a->local = IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	return 0;
}

static int
parse_ip(const char *text, struct listen_address *a)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN];
	bool brackets = text[0] == '[';
	in_port_t port;
	size_t n;

	if (colon == NULL || parse_port(colon + 1, &port) != 0)
		return -1;
	n = (size_t)(colon - text);
	if (brackets) {
		if (n < 2 || text[n - 1] != ']')
			return -1;
		text++;
		n -= 2;
	}
	if (n >= sizeof(host))
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	return brackets ? parse_ipv6(host, port, a) : parse_ipv4(host, port, a);
}

static int
parse_unix(const char *path, struct listen_address *a, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (path[0] != '/')
		return err_set(e, ERR_INPUT,
		    "cannot listen on unix:%s: the path of a unix socket begins with a slash",
		    path);
	if (n >= sizeof(un.sun_path))
		return err_set(e, ERR_INPUT,
		    "cannot listen on unix:%s: the path of a unix socket has at most %zu bytes",
		    path, sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, n + 1);
	memcpy(&a->sockaddr, &un, sizeof(un));
	a->size = sizeof(un);
	a->local = true;
	return 0;
}

int
listen_parse(const char *text, struct listen_address *ret_address, struct err *e)
{
	struct listen_address a = { 0 };

	a.is_tls = strncmp(text, "tls:", 4) == 0;
	if (strncmp(text, "unix:", 5) == 0) {
		if (parse_unix(text + 5, &a, e) != 0)
			return -1;
	} else if (parse_ip(text + (a.is_tls ? 4 : 0), &a) != 0) {
		return err_set(e, ERR_INPUT,
		    "cannot listen on \"%s\": write an address and a port, for example "
		    "127.0.0.1:7300, [::1]:7300, tls:0.0.0.0:7443 or "
		    "unix:/run/bentospool/ingest.sock",
		    text);
	}
	*ret_address = a;
	return 0;
}

/* ---- printing ------------------------------------------------------------------------ */

int
listen_print(const struct listen_address *a, char ret_text[LISTEN_TEXT_MAX])
{
	const struct sockaddr_in6 *in6 = (const void *)&a->sockaddr;
	const struct sockaddr_in *in = (const void *)&a->sockaddr;
	const struct sockaddr_un *un = (const void *)&a->sockaddr;
	const char *scheme = a->is_tls ? "https" : "http";
	char host[INET6_ADDRSTRLEN];

	switch (a->sockaddr.ss_family) {
	case AF_INET6:
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(ret_text, LISTEN_TEXT_MAX, "%s://[%s]:%u", scheme, host,
		    (unsigned)ntohs(in6->sin6_port));
		return 0;
	case AF_INET:
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(ret_text, LISTEN_TEXT_MAX, "%s://%s:%u", scheme, host,
		    (unsigned)ntohs(in->sin_port)); /* NOLINT: getsockname filled it */
		return 0;
	case AF_UNIX:
		if (a->size <= offsetof(struct sockaddr_un, sun_path) || un->sun_path[0] != '/')
			return -1;
		snprintf(ret_text, LISTEN_TEXT_MAX, "unix:%s", un->sun_path);
		return 0;
	default:
		return -1;
	}
}

/* ---- sockets ------------------------------------------------------------------------ */

static const char *
path_of(const struct listen_address *a)
{
	return ((const struct sockaddr_un *)(const void *)&a->sockaddr)->sun_path;
}

static int
explain(const char *text, struct err *e)
{
	switch (errno) {
	case EADDRINUSE:
		return err_set(e, ERR_BUSY,
		    "cannot listen on %s: address already in use: another program (or another "
		    "bentospool, or bentospool.socket for the service) listens there; stop it or "
		    "choose another `listen`",
		    text);
	case EADDRNOTAVAIL:
		return err_set(e, ERR_NOTFOUND,
		    "cannot listen on %s: this machine has no such address; choose another "
		    "`listen`",
		    text);
	case ENOENT:
	case ENOTDIR:
		return err_set(e, ERR_NOTFOUND,
		    "cannot listen on %s: %s: create the directory of the socket, or choose "
		    "another "
		    "`listen`",
		    text, strerror(errno));
	case EACCES:
	case EPERM:
		return err_set(e, ERR_STATE,
		    "cannot listen on %s: permission denied; ports below 1024 need a privilege, "
		    "a unix socket needs a directory that this user may write",
		    text);
	default:
		return err_sys(e, "cannot listen on %s", text);
	}
}

/* Whether a program still accepts connections on the socket file; -1: unknown. */
static int
is_served(const struct listen_address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc, cause;

	if (fd < 0)
		return -1;
	rc = connect(fd, (const struct sockaddr *)&a->sockaddr, a->size);
	cause = errno;
	close(fd);
	errno = cause;
	if (rc == 0 || cause == EAGAIN) /* EAGAIN: the listener's queue is full */
		return 1;
	return cause == ECONNREFUSED || cause == ENOENT ? 0 : -1;
}

/* After a crash the socket's file remains, and bind refuses a file that exists. */
static int
remove_stale(const struct listen_address *a, const char *text, struct err *e)
{
	struct stat st;
	int served;

	if (lstat(path_of(a), &st) != 0)
		return errno == ENOENT ? 0 : explain(text, e);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INPUT,
		    "cannot listen on %s: that file exists and is not a socket; choose another "
		    "`listen`",
		    text);
	served = is_served(a);
	if (served == 1)
		errno = EADDRINUSE;
	if (served != 0)
		return explain(text, e);
	return unlink(path_of(a)) == 0 || errno == ENOENT ? 0 : explain(text, e);
}

static int
bind_unix(struct listener *l, const struct listen_address *a, const char *text, struct err *e)
{
	if (remove_stale(a, text, e) != 0)
		return -1;
	/* Linux creates the file with the mode of the socket minus the umask, so it is never wider
	 * than intended; chmod restores what the umask removed. */
	if (fchmod(l->fd, UNIX_MODE) != 0
	    || bind(l->fd, (const struct sockaddr *)&a->sockaddr, a->size) != 0)
		return explain(text, e);
	if (chmod(path_of(a), UNIX_MODE) != 0 || lstat(path_of(a), &l->file) != 0) {
		explain(text, e);
		unlink(path_of(a));
		return -1;
	}
	l->owns_file = true;
	snprintf(l->address, sizeof(l->address), "unix:%s", path_of(a));
	return 0;
}

static int
bind_ip(struct listener *l, const struct listen_address *a, const char *text, struct err *e)
{
	struct listen_address bound = { .size = sizeof(bound.sockaddr), .is_tls = a->is_tls };
	int on = 1;

	/* An IPv6 listener must not take the IPv4 port as well: the configuration names each
	 * address. */
	if (a->sockaddr.ss_family == AF_INET6
	    && setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return explain(text, e);
	if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0
	    || bind(l->fd, (const struct sockaddr *)&a->sockaddr, a->size) != 0
	    || getsockname(l->fd, (struct sockaddr *)&bound.sockaddr, &bound.size) != 0)
		return explain(text, e);
	l->is_tls = a->is_tls;
	return listen_print(&bound, l->address);
}

int
listener_open(const char *text, struct listener *ret_listener, struct err *e)
{
	struct listener l = { .fd = -1 };
	struct listen_address a;
	int rc;

	if (listen_parse(text, &a, e) != 0)
		return -1;
	l.fd = socket(a.sockaddr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l.fd < 0)
		return explain(text, e);
	rc =
	    a.sockaddr.ss_family == AF_UNIX ? bind_unix(&l, &a, text, e) : bind_ip(&l, &a, text, e);
	if (rc == 0 && listen(l.fd, BACKLOG) != 0)
		rc = explain(text, e);
	if (rc != 0) {
		listener_close(&l);
		return -1;
	}
	*ret_listener = l;
	return 0;
}

void
listener_close(struct listener *l)
{
	const char *path = l->address + strlen("unix:");
	struct stat st;

	if (l->fd < 0)
		return;
	close(l->fd);
	l->fd = -1;
	if (l->owns_file && lstat(path, &st) == 0 && st.st_ino == l->file.st_ino
	    && st.st_dev == l->file.st_dev)
		unlink(path);
}
