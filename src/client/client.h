/*
 * One way to act on the outbox, for every verb: the running daemon carries the message out, or
 * without a daemon this process becomes the writer. Blocking. Main thread.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "control/exchange.h"

struct client;

struct act {
	const struct exchange *exchange;
	struct outbox_msg *msg; /* filled in by the caller; its results are set after a 0 */
	/* Called after each step but the last; NULL: nobody watches. */
	void (*on_progress)(void *arg, int64_t done);
	void *progress_arg;
	/* Once it is set the act ends after the step under way, with ERR_BUSY; NULL: nothing ends
	 * it. */
	const volatile sig_atomic_t *stop;
	bool daemon; /* result: a daemon carried it out, or was to */
};

/*
 * Carries one message out, with all its steps. No audit may be open in this process, because it may
 * become the writer (doc/sqlite.md). ERR_BUSY also when another process has the database open and
 * does not answer.
 */
int client_act(const struct config *c, struct act *act, struct err *e);

/*
 * The same for several messages, one after the other. stores: they bring new events, so without a
 * daemon the sites of the configuration are made.
 */
int client_open(const struct config *c, bool stores, struct client **ret_client, struct err *e);
/* After an error the connection to the daemon is opened again for the next message. */
int client_send(struct client *client, struct act *act, struct err *e);
/* -1 when this process was the writer and its last checkpoint failed. */
int client_close(struct client *client, struct err *e);

/* Our user's name, for the audit when this process is the writer. Static. */
const char *client_actor(void);

#endif
