/*
 * One client of the control socket. Each line that it sends is a request; while a request's task
 * runs, no further line is read. The connection is closed after a line that is too long, and after
 * CONTROL_IDLE_SECONDS of silence without a task.
 */
#include <cjson/cJSON.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/control_private.h"
#include "event/json/json_memory.h"

struct connection {
	struct control *control;
	struct bufferevent *stream;
	struct task *task;
	char actor[CONTROL_ACTOR_SIZE];
	bool own;     /* the client is this process */
	bool closing; /* close after the answer is sent */
	struct connection *next;
};

struct control *
connection_control(struct connection *conn)
{
	return conn->control;
}

const char *
connection_actor(const struct connection *conn)
{
	return conn->actor;
}

bool
connection_is_own(const struct connection *conn)
{
	return conn->own;
}

void
control_actor(uid_t uid, char ret_name[CONTROL_ACTOR_SIZE])
{
	struct passwd entry, *user = NULL;
	char texts[4096]; /* enough for a usual entry of the user database; a user with a longer
			     entry is shown by number */

	if (getpwuid_r(uid, &entry, texts, sizeof(texts), &user) == 0 && user != NULL)
		snprintf(ret_name, CONTROL_ACTOR_SIZE, "%s", user->pw_name);
	else
		snprintf(ret_name, CONTROL_ACTOR_SIZE, "uid %u", (unsigned)uid);
}

static int
name_actor(int fd, char ret_name[CONTROL_ACTOR_SIZE], bool *ret_own)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0)
		return -1;
	control_actor(peer.uid, ret_name);
	*ret_own = peer.pid == getpid();
	return 0;
}

/* Ends a connection that cannot go on, for lack of memory: the loop closes it next. */
static void
break_off(struct connection *conn)
{
	conn->closing = true;
	shutdown(bufferevent_getfd(conn->stream), SHUT_RDWR);
}

/* Refuses what cannot become a request, and closes the connection afterward. */
static void
refuse_and_close(struct connection *conn, const struct err *e)
{
	conn->closing = true;
	connection_refuse(conn, e);
}

/* A task leaves the next requests in the buffer, up to the maximum of one. A high watermark of
 * libevent would do the same, but crashes without memory. */
static void
limit_input(struct connection *conn, size_t waiting)
{
	if (waiting >= CONTROL_MAX_LINE)
		bufferevent_disable(conn->stream, EV_READ);
	else if (bufferevent_enable(conn->stream, EV_READ) != 0)
		break_off(conn);
}

static void
read_lines(struct bufferevent *stream, void *arg)
{
	struct connection *conn = arg;
	struct evbuffer *in = bufferevent_get_input(stream);
	struct err e;

	while (conn->task == NULL && !conn->closing) {
		size_t n;
		char *line = evbuffer_readln(in, &n, EVBUFFER_EOL_LF);

		if (line == NULL)
			break;
		request_handle(conn, line, n);
		free(line);
	}
	if (conn->task == NULL && !conn->closing) {
		if (evbuffer_search_eol(in, NULL, NULL, EVBUFFER_EOL_LF).pos >= 0) {
			err_nomem(&e);
			refuse_and_close(conn, &e);
		} else if (evbuffer_get_length(in) >= CONTROL_MAX_LINE) {
			err_set(&e, ERR_LIMIT, "a request is at most %d bytes", CONTROL_MAX_LINE);
			refuse_and_close(conn, &e);
		}
	}
	limit_input(conn, evbuffer_get_length(in));
}

static void
after_write(struct bufferevent *stream, void *arg)
{
	struct connection *conn = arg;

	(void)stream;
	if (conn->closing)
		connection_close(conn);
}

static void
on_event(struct bufferevent *stream, short what, void *arg)
{
	struct connection *conn = arg;

	(void)stream;
	/* A client that waits for a long operation is not idle. */
	if ((what & BEV_EVENT_TIMEOUT) && conn->task != NULL
	    && bufferevent_enable(stream, EV_READ) == 0)
		return;
	connection_close(conn);
}

int
connection_accept(struct control *c, int fd)
{
	const struct timeval idle = { .tv_sec = CONTROL_IDLE_SECONDS };
	struct connection *conn = calloc(1, sizeof(*conn));

	if (conn == NULL || c->n_connections >= CONTROL_MAX_CLIENTS
	    || name_actor(fd, conn->actor, &conn->own) != 0)
		goto fail;
	conn->control = c;
	conn->stream = bufferevent_socket_new(c->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (conn->stream == NULL)
		goto fail;
	bufferevent_setcb(conn->stream, read_lines, after_write, on_event, conn);
	if (bufferevent_set_timeouts(conn->stream, &idle, &idle) != 0
	    || bufferevent_enable(conn->stream, EV_READ | EV_WRITE) != 0) {
		bufferevent_free(conn->stream);
		free(conn);
		return -1;
	}
	conn->next = c->connections;
	c->connections = conn;
	c->n_connections++;
	return 0;
fail:
	free(conn);
	close(fd);
	return -1;
}

void
connection_close(struct connection *conn)
{
	struct connection **link = &conn->control->connections;

	while (*link != conn)
		link = &(*link)->next;
	*link = conn->next;
	conn->control->n_connections--;
	if (conn->task != NULL)
		conn->task->connection = NULL;
	bufferevent_free(conn->stream);
	free(conn);
}

void
connection_attach(struct connection *conn, struct task *task)
{
	conn->task = task;
	/* The next request may already be in the buffer. */
	if (task == NULL)
		bufferevent_trigger(conn->stream, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}

static void
send_line(struct connection *conn, const char *line)
{
	/* Without memory a write may also leave its bytes in the buffer and not begin to send. */
	if (bufferevent_write(conn->stream, line, strlen(line)) != 0
	    || bufferevent_write(conn->stream, "\n", 1) != 0
	    || bufferevent_enable(conn->stream, EV_WRITE) != 0)
		break_off(conn);
}

void
connection_answer(struct connection *conn, cJSON *answer, const char *lack)
{
	char *text = json_memory_lacked() ? NULL : cJSON_PrintUnformatted(answer);
	const char *line = text == NULL ? lack : text;

	if (line != NULL)
		send_line(conn, line);
	cJSON_free(text);
	cJSON_Delete(answer);
}

static const char *
code_word(enum err_code code)
{
	switch (code) {
	case ERR_INPUT:
	case ERR_LIMIT:
		return "input";
	case ERR_NOTFOUND:
		return "notfound";
	case ERR_FULL:
	case ERR_BUSY:
		return "busy";
	case ERR_NOMEM:
		return "nomem";
	case ERR_IO:
	case ERR_NONE:
	case ERR_STATE:
	case ERR_SYSTEM:
		return "failed";
	}
	return "failed";
}

void
connection_refuse(struct connection *conn, const struct err *e)
{
	cJSON *answer = cJSON_CreateObject();

	cJSON_AddFalseToObject(answer, "ok");
	cJSON_AddStringToObject(answer, "code", code_word(e->code));
	cJSON_AddStringToObject(answer, "message", e->text);
	connection_answer(conn, answer, CONNECTION_NOT_DONE);
}
