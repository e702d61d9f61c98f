/*
 * Inside control/: connections (connection.c), what a line asks for (request.c, and one file for
 * each kind of request), and the messages that the writer carries out (task.c).
 */
#ifndef CONTROL_CONTROL_PRIVATE_H
#define CONTROL_CONTROL_PRIVATE_H

#include <stdbool.h>

#include "base/mailbox.h"
#include "control/control.h"
#include "control/exchange.h"

struct cJSON;
struct connection;

/*
 * A request that the writer carries out. It begins the struct of its kind, which holds the message
 * and all that the message borrows. It belongs to the outbox between outbox_send and done(), comes
 * back through the box of done messages, and outlives its connection when the client hangs up.
 */
struct task {
	const struct request_kind *kind;
	const struct exchange *exchange; /* the kind's, unless its parse chose another */
	struct control *control;
	struct connection *connection; /* NULL: the client hung up */
	struct outbox_msg *msg;        /* set by parse */
	char actor[CONTROL_ACTOR_SIZE];
	int64_t done;      /* by the steps that are committed */
	struct task *next; /* of all tasks under way */
};

/* One kind of request: a row of the table in request.c. */
struct request_kind {
	/* A request that is answered at once: its "do", and what adds to {"ok":true}. */
	const char *name;
	int (*answer)(struct control *c, struct cJSON *answer, struct err *e);
	/* Or a task, which has an exchange. */
	const struct exchange *exchange;
	size_t size; /* of its struct, which is zeroed before parse */
	/* Fills in the message from the request. free follows a -1, too. */
	int (*parse)(struct task *task, const struct cJSON *request, struct err *e);
	/* NULL: nothing to do. Called after each commit, whether or not the client is still there.
	 */
	void (*committed)(struct task *task);
	void (*free)(struct task *task); /* all but the task itself; NULL: there is nothing else */
	bool outlives_client;            /* runs to its end after the client hung up */
};

/* Every kind of request. A new one is a line here and a file request_NAME.c. */
#define REQUEST_KINDS(ROW)                                                                         \
	ROW(ping)                                                                                  \
	ROW(reload)                                                                                \
	ROW(operate)                                                                               \
	ROW(site_control)                                                                          \
	ROW(erase)                                                                                 \
	ROW(purge)                                                                                 \
	ROW(put)                                                                                   \
	ROW(import)

#define REQUEST_DECLARE(name) extern const struct request_kind request_##name;
REQUEST_KINDS(REQUEST_DECLARE)
#undef REQUEST_DECLARE

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	struct control_options options; /* its strings and sites are the copies below */
	char *path;
	char *version;
	struct control_site *sites;
	char *names; /* of the sites, each ended by a NUL */
	int64_t started_at;
	struct connection *connections;
	size_t n_connections;
	struct task *tasks;
	size_t n_tasks; /* at most CONTROL_MAX_CLIENTS */
	bool box_open;
	struct mailbox done; /* filled by the writer thread */
	int done_fd;         /* eventfd that the writer thread rings */
	struct event *done_event;
};

/* connection.c */
int connection_accept(struct control *c, int fd);
void connection_close(struct connection *conn);
struct control *connection_control(struct connection *conn);
const char *connection_actor(const struct connection *conn);
/* While a task is under way no further request is read. NULL: it ended. */
void connection_attach(struct connection *conn, struct task *task);
/* Sends one line; takes and frees the answer, NULL counts as out of memory. */
void connection_answer(struct connection *conn, struct cJSON *answer);
void connection_refuse(struct connection *conn, const struct err *e);

/* request.c: one line from a client. Answers at once or starts a task. */
void request_handle(struct connection *conn, const char *line, size_t n);
/* For the parse functions: an optional text, copied. ret_text is left alone when it is missing. */
int request_read_text(
    const struct cJSON *request, const char *name, char **ret_text, struct err *e);
/* An optional flag, which is false when it is missing. */
bool request_read_flag(const struct cJSON *request, const char *name);
/* The verb; SLICE_NONE when it is missing. */
struct slice request_read_verb(const struct cJSON *request);
/* Refuses a verb that is missing or not known. Returns -1. */
int request_refuse_verb(struct slice verb, struct err *e);

/* task.c */
int task_start(struct connection *conn, const struct request_kind *kind,
    const struct cJSON *request, struct err *e);
/* Main thread: goes on with every task whose message the writer gave back. */
void tasks_take_done(struct control *c);
void task_free(struct task *task);

#endif
