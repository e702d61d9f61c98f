/*
 * Inside control/: connections (control.c) and what they ask for (request.c, task.c).
 *
 * A task is a message to the writer with what it borrows. It belongs to the outbox between
 * outbox_send and done(), comes back through the box of done ones, and outlives its connection
 * when the client hangs up.
 */
#ifndef CONTROL_CONTROL_PRIVATE_H
#define CONTROL_CONTROL_PRIVATE_H

#include <stdbool.h>

#include "base/mailbox.h"
#include "control/control.h"
#include "event/segment/segment.h"
#include "outbox/filter/filter.h"
#include "outbox/operate/import.h"
#include "outbox/operate/operate.h"

struct cJSON;
struct connection;

#define CONTROL_ACTOR_SIZE 64

struct task {
	struct control *control;
	struct connection *connection; /* NULL when the client is gone */
	/* operate */
	struct outbox_operation operation;
	struct outbox_filter filter;
	char *note;
	char actor[CONTROL_ACTOR_SIZE];
	int64_t done_before; /* events before the slice under way */
	/* steer */
	struct outbox_site_control site_control;
	char *site;
	/* erase */
	struct outbox_erase erase;
	char *email;
	/* purge */
	struct outbox_purge purge;
	struct purge_limits limits;
	char *archive;
	/* put */
	struct outbox_put put;
	struct segment_request request;
	char *event;
	/* import: its texts are in `event` */
	struct outbox_import import;
	struct slice *lines;
	char *from;
	struct task *next; /* all tasks under way */
};

struct control {
	struct event_base *base;
	struct evconnlistener *listener;
	char *path;
	char *version;
	struct outbox *outbox;
	const struct clock *clock;
	struct {
		char *name;
		int64_t site_id;
	} * sites;
	size_t n_sites;
	void (*on_site_control)(void *arg, int64_t site_id, enum site_control_verb verb);
	void *on_site_control_arg;
	int (*judge)(void *arg, int64_t site_id, struct segment_request *r, struct err *e);
	void *judge_arg;
	struct cJSON *(*on_reload)(void *arg, struct err *e);
	void *on_reload_arg;
	void (*limits)(void *arg, struct purge_limits *ret_limits, const char **ret_archive);
	void *limits_arg;
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

/* task.c, task_operate.c, task_import.c: what the writer carries out */
int task_operate(struct connection *conn, const struct cJSON *request, struct err *e);
int task_site_control(struct connection *conn, const struct cJSON *request, struct err *e);
int task_erase(struct connection *conn, const struct cJSON *request, struct err *e);
int task_purge(struct connection *conn, const struct cJSON *request, struct err *e);
int task_put(struct connection *conn, const struct cJSON *request, struct err *e);
int task_import(struct connection *conn, const struct cJSON *request, struct err *e);
/* Main thread: everything that the writer gave back. */
void tasks_take_done(struct control *c);
void task_free(struct task *task);

/* For them: a new task, NULL with e set; */
struct task *task_new(struct connection *conn, struct err *e);
/* an optional text of the request, copied; */
int task_read_text(const struct cJSON *request, const char *name, char **ret_text, struct err *e);
/* the first message to the writer: from then on the task is the connection's; */
int task_start(struct task *task, struct outbox_msg *msg, struct err *e);
/* the next one, a line to who waits, and the end. */
int task_send(struct task *task, struct outbox_msg *msg, struct err *e);
void task_tell_progress(struct task *task, int64_t events);
void task_end(struct task *task);
/* A slice of an operation, or an import, came back. */
void task_operation_goes_on(struct task *task);
void task_import_ends(struct task *task);

#endif
