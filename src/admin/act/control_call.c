/*
 * Connects to a listener of this very process, whose main thread answers. The connection is closed
 * with the answer, or after a minute of silence, or when the other side closes it: a daemon that
 * stops, or has as many clients as it serves.
 */
#include "admin/act/control_call.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct control_call {
	struct bufferevent *stream;
	void (*done)(void *arg, const cJSON *answer, const struct err *e);
	void *arg;
};

void
control_call_cancel(struct control_call *c)
{
	bufferevent_free(c->stream);
	free(c);
}

/* Frees the call before `done` is called, because the owner may begin another call there. */
static void
end(struct control_call *c, const cJSON *answer, const struct err *e)
{
	void (*done)(void *, const cJSON *, const struct err *) = c->done;
	void *arg = c->arg;

	control_call_cancel(c);
	done(arg, answer, e);
}

/* Returns whether the line was the last one. */
static bool
take_line(struct control_call *c, const char *line, size_t n)
{
	cJSON *answer = cJSON_ParseWithLength(line, n);
	struct err e;

	if (answer == NULL) {
		err_set(&e, ERR_SYSTEM, "cannot read the control socket's answer");
		end(c, NULL, &e);
		return true;
	}
	if (cJSON_GetObjectItemCaseSensitive(answer, "ok") == NULL) {
		cJSON_Delete(answer);
		return false;
	}
	end(c, answer, NULL);
	cJSON_Delete(answer);
	return true;
}

static void
on_readable(struct bufferevent *stream, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(stream);
	struct err e;
	bool last = false;

	while (!last) {
		size_t n;
		char *line = evbuffer_readln(in, &n, EVBUFFER_EOL_LF);

		if (line == NULL)
			break;
		last = take_line(arg, line, n);
		free(line);
	}
	if (last || evbuffer_get_length(in) <= CONTROL_CALL_LINE_MAX)
		return;
	err_set(&e, ERR_SYSTEM, "the control socket's answer is too long");
	end(arg, NULL, &e);
}

static void
on_event(struct bufferevent *stream, short what, void *arg)
{
	struct err e;

	(void)stream;
	if (what & BEV_EVENT_CONNECTED)
		return;
	if (what & BEV_EVENT_TIMEOUT)
		err_set(&e, ERR_SYSTEM,
		    "the daemon has not answered for %d seconds; the operations show what was done",
		    CONTROL_CALL_SILENCE_S);
	else
		err_set(&e, ERR_BUSY,
		    "the daemon closed its control socket: it is stopping, or busy with other "
		    "commands; "
		    "the operations show whether anything was done");
	end(arg, NULL, &e);
}

static int
dial(const char *path, int *ret_fd, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = -1;

	if (strlen(path) >= sizeof(un.sun_path))
		return err_set(e, ERR_INPUT, "the path of the control socket is too long");
	memcpy(un.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "cannot create a socket");
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) != 0) {
		err_set(e, ERR_BUSY,
		    "the daemon's control socket does not answer (%s): the daemon is stopping, or "
		    "busy",
		    strerror(errno));
		close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}

static int
send_line(struct control_call *c, const char *line)
{
	const struct timeval silence = { .tv_sec = CONTROL_CALL_SILENCE_S };

	bufferevent_setcb(c->stream, on_readable, NULL, on_event, c);
	if (bufferevent_set_timeouts(c->stream, &silence, &silence) != 0
	    || bufferevent_write(c->stream, line, strlen(line)) != 0
	    || bufferevent_write(c->stream, "\n", 1) != 0)
		return -1;
	return bufferevent_enable(c->stream, EV_READ | EV_WRITE);
}

int
control_call_start(struct event_base *base, const char *path, const char *line,
    void (*done)(void *arg, const cJSON *answer, const struct err *e), void *arg,
    struct control_call **ret_call, struct err *e)
{
	struct control_call *c = calloc(1, sizeof(*c));
	int fd = -1;

	if (c == NULL)
		return err_nomem(e);
	if (dial(path, &fd, e) != 0) {
		free(c);
		return -1;
	}
	c->done = done;
	c->arg = arg;
	c->stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->stream == NULL) {
		close(fd);
		free(c);
		return err_nomem(e);
	}
	if (send_line(c, line) != 0) {
		control_call_cancel(c);
		return err_nomem(e);
	}
	*ret_call = c;
	return 0;
}
