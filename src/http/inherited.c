/*
 * Takes the descriptors from 3 on, as many as $LISTEN_FDS says, examines each, and gives it out by
 * its address. Fails on a descriptor that cannot be listened on.
 */
#include "http/inherited.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"

#define FIRST_FD 3

/* ---- the variables --------------------------------------------------------------------------- */

/* Returns the number in a variable; -1 when it is not set or not a number from 0 to max. */
static int64_t
variable(const char *name, int64_t max)
{
	const char *text = getenv(name);
	int64_t value;

	return text != NULL && number_parse(text, 0, max, &value) == 0 ? value : -1;
}

/* Copies name number `which` of the list, whose names have colons between them. */
static void
copy_name(const char *list, size_t which, char ret[INHERITED_NAME_SIZE])
{
	const char *p = list;

	for (; p != NULL && which > 0; which--) {
		p = strchr(p, ':');
		p = p == NULL ? NULL : p + 1;
	}
	if (p == NULL || *p == '\0' || *p == ':')
		p = "without a name";
	snprintf(ret, INHERITED_NAME_SIZE, "%.*s", (int)strcspn(p, ":"), p);
}

/* ---- one socket ------------------------------------------------------------------------------ */

static int
refuse(const struct inherited_socket *s, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT,
	    "LISTEN_FDS: descriptor %d (%s) %s: correct the socket unit that hands it over", s->fd,
	    s->name, why);
}

static int
option_of(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

static int
prepare(struct inherited_socket *s, struct err *e)
{
	int flags = fcntl(s->fd, F_GETFL);

	if (flags < 0)
		return refuse(s, "is not open", e);
	if (option_of(s->fd, SO_TYPE) < 0)
		return refuse(s, "is not a socket", e);
	if (option_of(s->fd, SO_TYPE) != SOCK_STREAM || option_of(s->fd, SO_ACCEPTCONN) != 1)
		return refuse(
		    s, "is not a listening stream socket (ListenStream=, without Accept=yes)", e);
	if (fcntl(s->fd, F_SETFD, FD_CLOEXEC) != 0
	    || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return err_sys(e, "LISTEN_FDS: cannot prepare descriptor %d", s->fd);
	s->bound.size = sizeof(s->bound.sockaddr);
	if (getsockname(s->fd, (struct sockaddr *)&s->bound.sockaddr, &s->bound.size) != 0)
		return err_sys(e, "LISTEN_FDS: cannot examine descriptor %d", s->fd);
	if (listen_print(&s->bound, s->address) != 0)
		return refuse(s, "listens neither on IPv4, nor on IPv6, nor on a path", e);
	return 0;
}

static int
add(struct inherited *i, int fd, const char *names, struct err *e)
{
	struct inherited_socket *s = &i->socket[i->n];

	s->fd = fd;
	copy_name(names, (size_t)(fd - FIRST_FD), s->name);
	if (prepare(s, e) != 0)
		return -1;
	for (size_t k = 0; k < i->n; k++)
		if (strcmp(i->socket[k].address, s->address) == 0)
			return refuse(s, "has the same address as one before it", e);
	i->n++;
	return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

int
inherited_take(struct inherited *ret, struct err *e)
{
	const char *text = getenv("LISTEN_FDS");
	int64_t n = variable("LISTEN_FDS", INHERITED_MAX);
	int rc = 0;

	ret->n = 0;
	/* Meant for the process that started this one. */
	if (text == NULL || variable("LISTEN_PID", INT32_MAX) != getpid())
		return 0;
	if (n < 0)
		return err_set(e, ERR_INPUT,
		    "LISTEN_FDS is \"%.40s\": it must be a number from 0 to %d", text,
		    INHERITED_MAX);
	for (int fd = FIRST_FD; rc == 0 && fd < FIRST_FD + n; fd++)
		rc = add(ret, fd, getenv("LISTEN_FDNAMES"), e);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return rc;
}

bool
inherited_find(
    struct inherited *i, const struct listen_address *address, struct listener *ret_listener)
{
	struct listen_address plain = *address; /* a socket says nothing of TLS */
	char text[LISTEN_TEXT_MAX];

	plain.is_tls = false;
	if (listen_print(&plain, text) != 0)
		return false;
	for (size_t k = 0; k < i->n; k++) {
		struct inherited_socket *s = &i->socket[k];

		if (s->fd < 0 || strcmp(s->address, text) != 0)
			continue;
		s->bound.is_tls = address->is_tls;
		*ret_listener = (struct listener){ .fd = s->fd, .is_tls = address->is_tls };
		(void)listen_print(&s->bound, ret_listener->address); /* it was printed before */
		s->fd = -1;
		return true;
	}
	return false;
}

int
inherited_check_all_found(const struct inherited *i, struct err *e)
{
	for (size_t k = 0; k < i->n; k++)
		if (i->socket[k].fd >= 0)
			return err_set(e, ERR_INPUT,
			    "the service manager hands over a socket on %s (%s), and no `listen` "
			    "has this address: add it there, or correct the socket unit",
			    i->socket[k].address, i->socket[k].name);
	return 0;
}

void
inherited_close(struct inherited *i)
{
	for (size_t k = 0; k < i->n; k++)
		if (i->socket[k].fd >= 0)
			close(i->socket[k].fd);
	i->n = 0;
}
