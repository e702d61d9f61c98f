/*
 * How many TLS handshakes there are at one time: as many as half of max_connections. Then the
 * oldest makes room for a new one, if it had a second; else the listener waits, and others go on.
 * Main thread.
 */
#ifndef HTTP_HANDSHAKES_H
#define HTTP_HANDSHAKES_H

#include <stdbool.h>
#include <stdint.h>

struct server;
struct server_listener;

/* The time that a handshake has. */
int64_t handshakes_limit_ms(const struct server *s);
/* Whether a client of this listener may begin one; otherwise the listener waits. */
bool handshakes_have_room(struct server_listener *l);
/* Call it when one has ended. */
void handshakes_ended(struct server *s);
/* Whether a listener waits. */
bool handshakes_are_awaited(const struct server *s);
/* Call it with each tick of the server. */
void handshakes_tick(struct server *s);

#endif
