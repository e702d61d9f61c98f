/*
 * Acts on the outbox, for all verbs: the running daemon carries a message out; without a daemon
 * this process becomes the writer. Blocking. Main thread.
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
	struct outbox_msg *msg; /* filled in by the caller; has results after success */
	/* Called after each step but the last, with the number done so far; NULL: not called. */
	void (*on_progress)(void *arg, int64_t done);
	void *progress_arg;
	/* Once *stop is set, the act ends after the current step with ERR_BUSY; NULL: it never
	 * does. */
	const volatile sig_atomic_t *stop;
	bool daemon; /* result: the message went to a daemon */
};

/*
 * Carries one message out, with all its steps. No audit may be open in this process, because this
 * process may become the writer (doc/sqlite.md). ERR_BUSY also when another process has the
 * database open and does not answer.
 */
int client_act(const struct config *c, struct act *act, struct err *e);

/*
 * Like client_act, for several messages in turn. stores: the messages bring new events, so without
 * a daemon the sites of the configuration are added to the database.
 */
int client_open(const struct config *c, bool stores, struct client **ret_client, struct err *e);
/* After an error, the next message opens the connection to the daemon again. */
int client_send(struct client *client, struct act *act, struct err *e);
/* Returns -1 when this process was the writer and its last checkpoint failed. */
int client_close(struct client *client, struct err *e);

/* Returns this user's name, for the audit when this process is the writer. Static. */
const char *client_actor(void);

#endif
