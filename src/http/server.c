/*
 * Listeners, accepting, deadlines and stopping. Connections are accepted while there is room. A
 * tick every 250 ms ends those past their deadline; it runs only while there are connections.
 * Without file descriptors the listeners pause for a second. A stop ends with the last connection,
 * or at its deadline.
 */
#include "http/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/handshakes.h"
#include "tls/context.h"

#define ACCEPTS_AT_ONCE 32 /* connections accepted before the open ones are served again */
#define SMALLEST_BUFFER 16384

/* Only counted and logged, because the clients get no answer. */
static const struct answer no_descriptor = { .status = 503,
	.code = "no_descriptor",
	.message = "no file descriptor is left for its connection" };
static const struct answer no_memory = {
	.status = 503, .code = "no_memory", .message = "no memory is left for its connection"
};

void
server_touch(struct server *s)
{
	s->now = clock_mono(s->o.clock);
}

/* ---- spare buffers ------------------------------------------------------------------ */

char *
server_take_buffer(struct server *s)
{
	void *buffer = s->spare_buffers;

	if (buffer == NULL)
		return malloc(s->buffer_size);
	memcpy(&s->spare_buffers, buffer, sizeof(void *));
	s->n_spare_buffers--;
	return buffer;
}

void
server_give_buffer(struct server *s, char *buffer)
{
	if (s->n_spare_buffers == SERVER_MAX_SPARE_BUFFERS) {
		free(buffer);
		return;
	}
	memcpy(buffer, &s->spare_buffers, sizeof(void *));
	s->spare_buffers = buffer;
	s->n_spare_buffers++;
}

/* ---- accepting ---------------------------------------------------------------------- */

/* The tick runs only while a connection needs it, so that an idle spooler sleeps. */
static void
arm_tick(struct server *s)
{
	const struct timeval period = { SERVER_TICK_MS / 1000, SERVER_TICK_MS % 1000 * 1000 };

	if (event_pending(&s->tick, EV_TIMEOUT, NULL))
		return;
	answers_set_time(&s->answers, clock_wall(s->o.clock));
	event_add(&s->tick, &period);
}

/* A listener that cannot be watched again, for lack of memory, is tried again by the tick. */
static void
set_accepting(struct server *s, bool on)
{
	s->paused = !on;
	for (size_t i = 0; i < s->n_listeners; i++) {
		if (!on) {
			event_del(&s->listeners[i].event);
		} else if (event_add(&s->listeners[i].event, NULL) != 0) {
			s->paused = true;
			s->resume_at = s->now + SERVER_PAUSE_MS;
			arm_tick(s);
		}
	}
}

/* resume_at: mono ms; 0: resume when a connection ends. */
static void
pause_accepting(struct server *s, int64_t resume_at)
{
	set_accepting(s, false);
	s->resume_at = resume_at;
	arm_tick(s);
}

bool
server_client_waits(const struct server_listener *l)
{
	struct pollfd p = { .fd = l->listener.fd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

static bool
any_client_waits(const struct server *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (server_client_waits(&s->listeners[i]))
			return true;
	return false;
}

/* Closes the connection that has waited longest for its client, if that is long enough. */
static bool
close_slow(struct server *s)
{
	struct conn *c = TAILQ_FIRST(&s->slow);

	if (!s->o.closes_slow || c == NULL || s->now - c->since < SERVER_MIN_SLOW_MS)
		return false;
	conn_give_way(c);
	return true;
}

/* Closes the connection that has been idle longest, if that is long enough, else a slow one. */
static bool
make_room(struct server *s)
{
	struct conn *c = TAILQ_FIRST(&s->idle);
	int64_t least = s->o.closes_slow ? SERVER_MIN_SLOW_MS : SERVER_MIN_IDLE_MS;

	if (c == NULL || s->now - (c->deadline - s->o.idle_timeout_ms) < least)
		return close_slow(s);
	conn_close(c);
	return true;
}

static void
log_full(struct server *s)
{
	unsigned left_out;

	if (log_limit_pass(&s->full_log, s->now, SERVER_LOG_MS, &left_out))
		log_warn("%s: %u connections are open, as many as max_connections allows; new "
			 "connections wait (%u times more since the last such line)",
		    s->o.name, s->n_conns, left_out);
}

static void
turn_away(struct server *s, int fd, const struct answer *why)
{
	if (s->hooks.turned_away != NULL)
		s->hooks.turned_away(fd, why, s->hooks.arg);
}

void
server_lacks_memory_to_answer(struct server *s)
{
	unsigned left_out;

	if (log_limit_pass(&s->memory_log, s->now, SERVER_LOG_MS, &left_out))
		log_warn("%s: a connection ends without an answer, because there is no memory for "
			 "it; see what else uses the memory of this machine, or lower "
			 "max_connections (%u times more since the last such line)",
		    s->o.name, left_out);
}

void
server_lacks_memory(struct server *s, int fd)
{
	turn_away(s, fd, &no_memory);
	server_lacks_memory_to_answer(s);
}

static void
take_reserve(struct server *s)
{
	s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Accepts and closes a connection, so that its client sees an end and accept does not fail again at
 * once. */
static void
refuse_client(struct server *s, int fd)
{
	unsigned left_out;
	int cause = errno, client;

	if (s->reserve_fd >= 0) {
		close(s->reserve_fd);
		client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (client >= 0) {
			turn_away(s, client, &no_descriptor);
			close(client);
		}
		take_reserve(s);
	}
	pause_accepting(s, s->now + SERVER_PAUSE_MS);
	if (log_limit_pass(&s->descriptors_log, s->now, SERVER_LOG_MS, &left_out))
		log_warn("%s: cannot accept a connection: %s; raise the limit of open files or "
			 "lower max_connections (%u times more since the last such line)",
		    s->o.name, strerror(cause), left_out);
}

/* Returns whether another connection may be waiting for accept. */
static bool
accept_one(struct server_listener *l)
{
	struct server *s = l->server;
	int on = 1, client;

	if (s->n_conns >= s->o.max_connections) {
		if (!server_client_waits(l))
			return false;
		if (make_room(s))
			return true;
		log_full(s);
		pause_accepting(s, 0);
		return false;
	}
	if (l->listener.is_tls && !handshakes_have_room(l))
		return false;
	client = accept4(l->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client >= 0) {
		/* fails on unix sockets, which do not have it */
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		arm_tick(s);
		return conn_new(l, client) == 0;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		refuse_client(s, l->listener.fd);
		return false;
	}
	return errno == ECONNABORTED || errno == EINTR;
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct server_listener *l = arg;

	(void)fd;
	(void)what;
	server_touch(l->server);
	for (int i = 0; i < ACCEPTS_AT_ONCE && accept_one(l); i++)
		;
}

int
server_listen(struct server *s, const char *text, struct inherited *inherited, struct err *e)
{
	struct listen_address address;
	struct server_listener *l = &s->listeners[s->n_listeners];

	if (s->n_listeners == SERVER_MAX_LISTENERS)
		return err_set(e, ERR_INPUT, "cannot listen on %s: at most %d addresses", text,
		    SERVER_MAX_LISTENERS);
	if (listen_parse(text, &address, e) != 0)
		return -1;
	if (address.is_tls && s->tls == NULL)
		return err_set(e, ERR_INPUT, "cannot listen on %s: there is no certificate", text);
	if ((inherited == NULL || !inherited_find(inherited, &address, &l->listener))
	    && listener_open(text, &l->listener, e) != 0)
		return -1;
	l->server = s;
	l->local = address.local;
	event_assign(&l->event, s->base, l->listener.fd, EV_READ | EV_PERSIST, on_acceptable, l);
	if (event_add(&l->event, NULL) != 0) {
		listener_close(&l->listener);
		return err_set(e, ERR_SYSTEM, "cannot watch %s", text);
	}
	s->n_listeners++;
	return 0;
}

void
server_use_tls(struct server *s, struct tls_context *tls)
{
	tls_context_free(s->tls);
	s->tls = tls_context_hold(tls);
}

const char *
server_address(const struct server *s, size_t i)
{
	return i < s->n_listeners ? s->listeners[i].listener.address : NULL;
}

/* ---- stopping ----------------------------------------------------------------------- */

static void
close_listeners(struct server *s)
{
	set_accepting(s, false);
	for (size_t i = 0; i < s->n_listeners; i++)
		listener_close(&s->listeners[i].listener);
}

static void
on_stopped(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	void (*stopped)(void *) = s->stopped;

	(void)fd;
	(void)what;
	s->stopped = NULL;
	if (stopped != NULL)
		stopped(s->stopped_arg);
}

void
server_conn_ended(struct server *s)
{
	s->n_conns--;
	if (s->stopping) {
		if (s->n_conns == 0)
			event_active(&s->stopped_event, EV_TIMEOUT, 0);
	} else if (s->paused && s->resume_at == 0) {
		set_accepting(s, true);
	}
}

static void
close_all(struct conn_list *list)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(list)) != NULL)
		conn_close(c);
}

static void
end_idle(struct server *s)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&s->idle); c != NULL; c = next) {
		next = TAILQ_NEXT(c, queue);
		conn_end_idle(c);
	}
	TAILQ_FOREACH(c, &s->handshakes, queue)
	conn_hurry(c);
}

void
server_stop(struct server *s, int64_t deadline_ms, void (*stopped)(void *arg), void *arg)
{
	server_touch(s);
	s->stopped = stopped;
	s->stopped_arg = arg;
	s->stop_deadline = s->now + deadline_ms;
	s->stopping = true;
	close_listeners(s);
	end_idle(s);
	if (s->n_conns == 0)
		event_active(&s->stopped_event, EV_TIMEOUT, 0);
	arm_tick(s);
}

/* ---- the tick ----------------------------------------------------------------------- */

static void
expire_connections(struct server *s)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&s->all); c != NULL; c = next) {
		next = TAILQ_NEXT(c, all);
		if (c->deadline <= s->now)
			conn_expire(c);
	}
}

static void
try_to_resume(struct server *s)
{
	if (s->resume_at == 0
		? s->n_conns < s->o.max_connections || (any_client_waits(s) && make_room(s))
		: s->now >= s->resume_at)
		set_accepting(s, true);
}

void
server_keep_ticking(struct server *s)
{
	if (s->n_conns > 0 || ((s->paused || handshakes_are_awaited(s)) && !s->stopping))
		arm_tick(s);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	server_touch(s);
	answers_set_time(&s->answers, clock_wall(s->o.clock));
	expire_connections(s);
	if (s->stopping && s->now >= s->stop_deadline)
		close_all(&s->all);
	if (s->reserve_fd < 0)
		take_reserve(s);
	if (s->paused && !s->stopping)
		try_to_resume(s);
	if (!s->stopping)
		handshakes_tick(s);
	server_keep_ticking(s);
}

/* ---- setup and release -------------------------------------------------------------- */

static int
check_options(const struct server_options *o, struct err *e)
{
	if (o->max_connections == 0 || o->max_body == 0 || o->limits.max_bytes == 0
	    || o->limits.max_headers == 0 || o->request_timeout_ms <= 0 || o->idle_timeout_ms <= 0)
		return err_set(e, ERR_INPUT, "%s: a limit or timeout is 0", o->name);
	return 0;
}

int
server_new(const struct server_options *o, const struct server_hooks *hooks,
    struct event_base *base, struct server **ret_server, struct err *e)
{
	struct server *s;

	if (check_options(o, e) != 0)
		return -1;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_nomem(e);
	s->base = base;
	s->o = *o;
	s->hooks = *hooks;
	if (o->answer_timeout_ms == 0)
		s->o.answer_timeout_ms = SERVER_COMMIT_MS;
	s->quota.max = o->max_buffered_bytes;
	/* one byte more than the longest head, so that a longer head is noticed */
	s->buffer_size = o->limits.max_bytes + 1;
	if (s->buffer_size < SMALLEST_BUFFER)
		s->buffer_size = SMALLEST_BUFFER;
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->idle);
	TAILQ_INIT(&s->slow);
	TAILQ_INIT(&s->handshakes);
	answers_init(&s->answers, clock_wall(o->clock), o->max_content,
	    o->headers == NULL ? "" : o->headers);
	s->answers.challenge = o->challenge;
	evtimer_assign(&s->tick, base, on_tick, s);
	evtimer_assign(&s->stopped_event, base, on_stopped, s);
	take_reserve(s);
	server_touch(s);
	*ret_server = s;
	return 0;
}

void
server_close(struct server *s)
{
	s->stopping = true;
	close_listeners(s);
	close_all(&s->all);
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	server_close(s);
	while (s->spare_buffers != NULL)
		free(server_take_buffer(s));
	event_del(&s->tick);
	event_del(&s->stopped_event);
	if (s->reserve_fd >= 0)
		close(s->reserve_fd);
	answers_free(&s->answers);
	tls_context_free(s->tls);
	free(s);
}
