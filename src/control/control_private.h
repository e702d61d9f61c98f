/*
 * Private to control/: connections (connection.c), requests (request.c, and one file for each
 * kind), and messages to the writer (task.c).
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
 * A request that needs the writer. The task is the first member of its kind's struct, which also
 * has the message and everything that the message borrows. The outbox owns the task between
 * outbox_send and done(); then the task comes back through the mailbox `done`. When the client
 * hangs up, the task outlives its connection.
 */
struct task {
	const struct request_kind *kind;
	const struct exchange *exchange; /* the kind's exchange, unless parse chose another */
	struct control *control;
	struct connection *connection; /* NULL: the client hung up */
	struct outbox_msg *msg;        /* set by parse */
	char actor[CONTROL_ACTOR_SIZE];
	int64_t done;      /* amount done by the committed steps */
	struct task *next; /* links all running tasks */
};

/* One kind of request: a row of the table in request.c. */
struct request_kind {
	/* A request that is answered at once: its "do", and the function that adds to
	 * {"ok":true}. */
	const char *name;
	int (*answer)(struct control *c, struct cJSON *answer, struct err *e);
	/* Or a request that needs a task: its exchange. */
	const struct exchange *exchange;
	size_t size; /* of the kind's struct, which is zeroed before parse */
	/* Fills in the message from the request. free is called even after -1. */
	int (*parse)(struct task *task, const struct cJSON *request, struct err *e);
	/* Called after each commit, even when the client is gone. NULL: nothing to do. */
	void (*committed)(struct task *task);
	void (*free)(struct task
		*task); /* Frees everything except the struct itself; NULL: nothing else to free */
	bool outlives_client; /* runs to its end when the client hangs up */
};

/* All kinds of requests. A new kind is a line here and a file request_NAME.c. */
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
	char *names; /* names of the sites, each with a NUL behind it */
	int64_t started_at;
	struct connection *connections;
	size_t n_connections;
	struct task *tasks;
	size_t n_tasks; /* at most CONTROL_MAX_CLIENTS */
	bool box_open;
	struct mailbox done; /* filled by the writer thread */
	int done_fd;         /* eventfd that the writer's thread signals */
	struct event *done_event;
};

/* connection.c */
int connection_accept(struct control *c, int fd);
void connection_close(struct connection *conn);
struct control *connection_control(struct connection *conn);
const char *connection_actor(const struct connection *conn);
/* Whether the client is this process. */
bool connection_is_own(const struct connection *conn);
/* While a connection has a task it reads no further request. NULL: the task has ended. */
void connection_attach(struct connection *conn, struct task *task);
/* Sends one line. Takes ownership of the answer. When cJSON has lacked memory for it, `lack` is
 * sent in its place; NULL: nothing is. */
void connection_answer(struct connection *conn, struct cJSON *answer, const char *lack);
#define CONNECTION_LACK(words) "{\"ok\":false,\"code\":\"nomem\",\"message\":\"" words "\"}"
#define CONNECTION_NOT_DONE CONNECTION_LACK("the daemon is out of memory")
#define CONNECTION_DONE                                                                            \
	CONNECTION_LACK("the request was carried out, but the daemon has no memory to say more")
void connection_refuse(struct connection *conn, const struct err *e);

/* request.c: handles one line from a client: answers it at once, or starts a task. */
void request_handle(struct connection *conn, const char *line, size_t n);
/* For the parse functions: copies an optional text; ret_text does not change when it is missing. */
int request_read_text(
    const struct cJSON *request, const char *name, char **ret_text, struct err *e);
/* Returns an optional flag; false when it is missing. */
bool request_read_flag(const struct cJSON *request, const char *name);
/* Returns the verb; SLICE_NONE when it is missing. */
struct slice request_read_verb(const struct cJSON *request);
/* Sets the error for a verb that is missing or unknown. Returns -1. */
int request_refuse_verb(struct slice verb, struct err *e);

/* task.c */
int task_start(struct connection *conn, const struct request_kind *kind,
    const struct cJSON *request, struct err *e);
/* Continues every task whose message the writer returned. Main thread. */
void tasks_take_done(struct control *c);
void task_free(struct task *task);

#endif
