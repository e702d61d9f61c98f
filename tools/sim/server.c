/*
 * The simulator's listener and its list of connections, on libevent. Fails to start when the
 * address is taken.
 */
#include "sim/server.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/server_private.h"

#define TICK_US 10000

void
server_fail(struct server *s, const struct err *e)
{
	s->failure = *e;
	event_base_loopbreak(s->base);
}

const struct err *
server_failure(const struct server *s)
{
	return s->failure.code == ERR_NONE ? NULL : &s->failure;
}

static void
on_accept(
    struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int n, void *arg)
{
	struct server *s = arg;
	struct sim *sim = s->sim;
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	bool control = listener == s->control;

	(void)address;
	(void)n;
	if (!control) {
		sim->stats.connections++;
		if (fault_resets_connect(&sim->faults, clock_mono(sim->clock), &sim->rand)) {
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
			close(fd);
			return;
		}
	}
	if (s->n_conns >= SERVER_MAX_CONNECTIONS)
		close(fd);
	else
		conn_open(s, fd, control);
}

static struct evconnlistener *
listen_at(struct server *s, const struct sockaddr *address, int n)
{
	return evconnlistener_new_bind(s->base, on_accept, s,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 128, address, n);
}

/* Prints "NAME on http://ADDRESS:PORT" and keeps the address with its port. */
static int
print_address(
    struct evconnlistener *listener, const char *name, struct sockaddr_storage *ret_address)
{
	char text[INET6_ADDRSTRLEN];
	socklen_t n = sizeof(*ret_address);
	int fd = evconnlistener_get_fd(listener);

	ret_address->ss_family = AF_UNSPEC;
	if (getsockname(fd, (struct sockaddr *)ret_address, &n) != 0)
		return -1;
	if (ret_address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ret_address;

		evutil_inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		printf("%s on http://[%s]:%u\n", name, text, ntohs(in6->sin6_port));
	} else {
		const struct sockaddr_in *in = (const struct sockaddr_in *)ret_address;

		evutil_inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		/* NOLINTNEXTLINE: getsockname filled it */
		printf("%s on http://%s:%u\n", name, text, ntohs(in->sin_port));
	}
	return fflush(stdout);
}

/* evutil_parse_sockaddr_port refuses port 0, but accepts an address without a port, which has the
 * same meaning. */
static int
parse_address(const char *text, struct sockaddr_storage *ret_address, int *ret_n, struct err *e)
{
	const char *colon = strrchr(text, ':');
	size_t n = strlen(text);
	char bare[128];
	int n_address = sizeof(*ret_address);

	if (colon == NULL || n >= sizeof(bare))
		return err_set(e, ERR_INPUT, "%s: this is not ADDRESS:PORT", text);
	snprintf(bare, sizeof(bare), "%s", text);
	if (strcmp(colon, ":0") == 0)
		bare[n - 2] = '\0';
	if (evutil_parse_sockaddr_port(bare, (struct sockaddr *)ret_address, &n_address) != 0)
		return err_set(e, ERR_INPUT, "%s: this is not ADDRESS:PORT", text);
	*ret_n = n_address;
	return 0;
}

static int
open_listener(struct server *s, const char *text, const char *name,
    struct evconnlistener **ret_listener, struct sockaddr_storage *ret_address, int *ret_n,
    struct err *e)
{
	struct sockaddr_storage address = { 0 };
	int n = 0;

	if (parse_address(text, &address, &n, e) != 0)
		return -1;
	*ret_listener = listen_at(s, (struct sockaddr *)&address, n);
	if (*ret_listener == NULL)
		return err_sys(e, "cannot listen on %s", text);
	if (print_address(*ret_listener, name, ret_address) != 0)
		return err_sys(e, "%s", text);
	*ret_n = n;
	return 0;
}

static void
go_down(struct server *s)
{
	struct conn *c, *next;

	evconnlistener_free(s->listener);
	s->listener = NULL;
	for (c = LIST_FIRST(&s->conns); c != NULL; c = next) {
		next = LIST_NEXT(c, link);
		if (!c->control)
			conn_close(c, true);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	const struct fault_list *faults = &s->sim->faults;
	bool down = fault_is_down(faults, clock_mono(s->sim->clock));

	(void)fd;
	(void)what;
	if (down && s->listener != NULL)
		go_down(s);
	/* when another program has taken the port, the next tick tries again */
	if (!down && s->listener == NULL)
		s->listener = listen_at(s, (struct sockaddr *)&s->address, s->n_address);
	if (!fault_has_down(faults) && s->listener != NULL)
		event_del(s->on_tick);
}

void
server_check_faults(struct server *s)
{
	struct timeval tick = { .tv_usec = TICK_US };

	if (fault_has_down(&s->sim->faults) || s->listener == NULL)
		event_add(s->on_tick, &tick);
}

static int
open_all(struct server *s, struct err *e)
{
	const struct sim_options *o = s->sim->o;
	struct sockaddr_storage address;
	int n;

	s->on_tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	if (s->on_tick == NULL)
		return err_nomem(e);
	if (open_listener(s, o->listen, "listening", &s->listener, &s->address, &s->n_address, e)
	    != 0)
		return -1;
	if (o->control != NULL
	    && open_listener(s, o->control, "control", &s->control, &address, &n, e) != 0)
		return -1;
	server_check_faults(s);
	return 0;
}

int
server_open(struct server **ret_server, struct event_base *base, struct sim *sim, struct err *e)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(e);
	s->base = base;
	s->sim = sim;
	LIST_INIT(&s->conns);
	if (open_all(s, e) != 0) {
		server_close(s);
		return -1;
	}
	*ret_server = s;
	return 0;
}

void
server_close(struct server *s)
{
	if (s == NULL)
		return;
	while (!LIST_EMPTY(&s->conns))
		conn_close(LIST_FIRST(&s->conns), false);
	if (s->listener != NULL)
		evconnlistener_free(s->listener);
	if (s->control != NULL)
		evconnlistener_free(s->control);
	if (s->on_tick != NULL)
		event_free(s->on_tick);
	free(s);
}
