/*
 * Bounds the number of TLS handshakes. A handshake costs much and its client has proved nothing
 * yet, so those that come and stay silent must neither fill the table of connections nor keep
 * others out for longer than a second. Without room, clients wait in the kernel.
 */
#include "http/handshakes.h"

#include "http/connection.h"
#include "http/server.h"

int64_t
handshakes_limit_ms(const struct server *s)
{
	return s->o.request_timeout_ms < SERVER_HANDSHAKE_MS ? s->o.request_timeout_ms
							     : SERVER_HANDSHAKE_MS;
}

static bool
are_full(const struct server *s)
{
	return s->n_handshakes >= (s->o.max_connections + 1) / 2;
}

/* Ends the oldest if it had time enough. */
static bool
make_room(struct server *s)
{
	struct conn *c = TAILQ_FIRST(&s->handshakes);

	if (s->now - (c->deadline - handshakes_limit_ms(s)) < SERVER_MIN_HANDSHAKE_MS)
		return false;
	conn_give_up_handshake(c, false);
	conn_close(c);
	return true;
}

static void
log_full(struct server *s)
{
	unsigned left_out;

	if (log_limit_pass(&s->handshakes_log, s->now, SERVER_LOG_MS, &left_out))
		log_warn("%s: %u TLS handshakes are under way, half of what max_connections "
			 "allows; new ones wait (%u times more since the last such line)",
		    s->o.name, s->n_handshakes, left_out);
}

/* Other listeners go on. */
static void
wait_for_room(struct server_listener *l)
{
	log_full(l->server);
	l->waits = true;
	event_del(&l->event);
}

bool
handshakes_are_awaited(const struct server *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].waits)
			return true;
	return false;
}

/* A listener that cannot be watched again, for lack of memory, is tried again by the tick. */
static void
end_waiting(struct server *s)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].waits
		    && (s->paused || event_add(&s->listeners[i].event, NULL) == 0))
			s->listeners[i].waits = false;
}

void
handshakes_ended(struct server *s)
{
	s->n_handshakes--;
	if (!s->stopping)
		end_waiting(s);
}

bool
handshakes_have_room(struct server_listener *l)
{
	if (!are_full(l->server) || !server_client_waits(l) || make_room(l->server))
		return true;
	wait_for_room(l);
	return false;
}

void
handshakes_tick(struct server *s)
{
	if (handshakes_are_awaited(s) && (!are_full(s) || make_room(s)))
		end_waiting(s);
}
