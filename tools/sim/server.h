/*
 * The simulator's sockets: listeners, connections, and the effects of faults on connections. Each
 * connection reads a request into one buffer, so that a batch is never copied.
 *
 * Bounds: SERVER_MAX_CONNECTIONS (more are closed at once), 64 KiB of head, the options'
 * maximum body, and 300 s of silence. Belongs to one thread, the one of the event loop.
 */
#ifndef TOOLS_SIM_SERVER_H
#define TOOLS_SIM_SERVER_H

#include <event2/event.h>

#include "base/err.h"
#include "sim/sim.h"

#define SERVER_MAX_CONNECTIONS 2048
#define SERVER_SILENCE_S 300

struct server;

/*
 * Listens and prints the addresses. Borrows base and sim. When a record cannot be written any
 * longer, the loop ends: see server_failure.
 */
int server_open(
    struct server **ret_server, struct event_base *base, struct sim *sim, struct err *e);
/* Returns what ended the loop; NULL when nothing failed. */
const struct err *server_failure(const struct server *s);
/* Closes everything. NULL is allowed. */
void server_close(struct server *s);

#endif
