/*
 * The client's end of the control socket: connects, writes a line of JSON, and reads lines up to
 * the answer. Fails when there is no daemon, or when this user may not ask it, or when it refuses,
 * hangs up or does not answer in time. When the daemon may have begun the work, the error says so.
 */
#include "client/control_client.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "control/control.h"

#define REQUEST_MAX (CONTROL_MAX_LINE - 1)
#define ANSWER_MAX 65536
#define CHUNK 4096

struct control_client {
	int fd;
	struct buf in;
	void (*on_progress)(void *arg, int64_t events);
	void *on_progress_arg;
	const volatile sig_atomic_t *stop;
};

static int
refuse_connect(const char *path, struct err *e)
{
	if (errno == ENOENT || errno == ECONNREFUSED)
		return err_set(e, ERR_NOTFOUND, "no daemon answers at %s", path);
	return err_file(e, path, "cannot open the control socket %s", path);
}

static int
connect_to(const char *path, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(un.sun_path))
		return err_set(
		    e, ERR_INPUT, "the path of the control socket is too long: %s", path);
	memcpy(un.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "cannot create a socket");
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) != 0) {
		refuse_connect(path, e);
		close(fd);
		return -1;
	}
	return fd;
}

int
control_client_open(const char *path, struct control_client **ret_client, struct err *e)
{
	struct control_client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_nomem(e);
	c->fd = connect_to(path, e);
	if (c->fd < 0) {
		free(c);
		return -1;
	}
	buf_init(&c->in, ANSWER_MAX);
	*ret_client = c;
	return 0;
}

void
control_client_close(struct control_client *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	buf_free(&c->in);
	free(c);
}

static int
wait_for(int fd, short what, int timeout_ms, const volatile sig_atomic_t *stop, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = what };
	int n;

	do {
		if (stop != NULL && *stop)
			return err_set(e, ERR_BUSY, "interrupted");
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "cannot wait for the daemon");
	return n > 0 ? 0
		     : err_set(e, ERR_BUSY, "the daemon did not answer within %d seconds",
			 (timeout_ms + 999) / 1000);
}

static int
send_all(int fd, const char *p, size_t n, int timeout_ms, struct err *e)
{
	while (n > 0) {
		ssize_t sent;

		if (wait_for(fd, POLLOUT, timeout_ms, NULL, e) != 0)
			return -1;
		sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (sent < 0)
			return err_sys(e, "cannot send the request to the daemon");
		p += sent;
		n -= (size_t)sent;
	}
	return 0;
}

static int
send_request(int fd, const cJSON *request, int timeout_ms, struct err *e)
{
	char *text = cJSON_PrintUnformatted(request);
	struct buf line;
	int rc;

	if (text == NULL)
		return err_nomem(e);
	buf_init(&line, REQUEST_MAX);
	buf_printf(&line, "%s\n", text);
	cJSON_free(text);
	rc = line.failed ? err_set(e, ERR_LIMIT, "the request is too long for the daemon")
			 : send_all(fd, line.p, line.n, timeout_ms, e);
	buf_free(&line);
	return rc;
}

static int
receive_more(struct control_client *c, int timeout_ms, struct err *e)
{
	ssize_t got;
	char *to;

	if (wait_for(c->fd, POLLIN, timeout_ms, c->stop, e) != 0)
		return -1;
	to = buf_reserve(&c->in, CHUNK);
	if (to == NULL)
		return err_set(e, ERR_LIMIT, "the daemon's reply is too long");
	got = recv(c->fd, to, CHUNK, 0);
	if (got < 0 && errno == EINTR)
		return 0;
	if (got < 0)
		return err_sys(e, "cannot read the daemon's reply");
	if (got == 0)
		return err_set(e, ERR_STATE, "the daemon hung up; its log may say why");
	c->in.n += (size_t)got;
	c->in.p[c->in.n] = '\0';
	return 0;
}

/* Reads one line as JSON. Bytes behind it stay in the buffer. */
static int
receive_line(struct control_client *c, int timeout_ms, cJSON **ret_line, struct err *e)
{
	char *end;
	size_t n;

	while (c->in.n == 0 || (end = memchr(c->in.p, '\n', c->in.n)) == NULL)
		if (receive_more(c, timeout_ms, e) != 0)
			return -1;
	n = (size_t)(end - c->in.p) + 1;
	*ret_line = cJSON_ParseWithLength(c->in.p, n);
	memmove(c->in.p, c->in.p + n, c->in.n - n);
	buf_truncate(&c->in, c->in.n - n);
	return *ret_line != NULL ? 0 : err_set(e, ERR_STATE, "the daemon's reply is not JSON");
}

static int
fail_as_answered(cJSON *answer, struct err *e)
{
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(answer, "message");
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(answer, "code");
	enum err_code ours = ERR_STATE;

	if (cJSON_IsString(code) && strcmp(code->valuestring, "notfound") == 0)
		ours = ERR_NOTFOUND;
	if (cJSON_IsString(code) && strcmp(code->valuestring, "busy") == 0)
		ours = ERR_BUSY;
	err_set(
	    e, ours, "%s", cJSON_IsString(message) ? message->valuestring : "the daemon refused");
	cJSON_Delete(answer);
	return -1;
}

/* Adds to the error of a lost answer what the daemon may have done, which is not known. */
static int
explain_lost(double done, bool ping, struct err *e)
{
	if (done > 0)
		return err_wrap(
		    e, "stopped after %.0f events or more, see bentospool operations", done);
	return e->code == ERR_BUSY && !ping
		   ? err_wrap(e, "the daemon may still do it: see bentospool operations")
		   : -1;
}

/* Whether the request is a ping: it changes nothing, so a lost answer does not matter. */
static bool
is_ping(const cJSON *request)
{
	const cJSON *verb = cJSON_GetObjectItemCaseSensitive(request, "do");

	return cJSON_IsString(verb) && strcmp(verb->valuestring, "ping") == 0;
}

/* Reads the answer, after the lines of progress. */
static int
receive_answer(
    struct control_client *c, int timeout_ms, bool ping, cJSON **ret_answer, struct err *e)
{
	double done = 0;

	for (;;) {
		const cJSON *progress;

		if (receive_line(c, timeout_ms, ret_answer, e) != 0)
			return explain_lost(done, ping, e);
		if (cJSON_HasObjectItem(*ret_answer, "ok"))
			return 0;
		progress = cJSON_GetObjectItemCaseSensitive(*ret_answer, "progress");
		if (cJSON_IsNumber(progress)) {
			done = progress->valuedouble;
			if (c->on_progress != NULL)
				c->on_progress(c->on_progress_arg, (int64_t)done);
		}
		cJSON_Delete(*ret_answer);
	}
}

int
control_client_call(struct control_client *c, const cJSON *request, int timeout_ms,
    cJSON **ret_answer, struct err *e)
{
	cJSON *answer = NULL;

	if (send_request(c->fd, request, timeout_ms, e) != 0)
		return -1;
	if (receive_answer(c, timeout_ms, is_ping(request), &answer, e) != 0)
		return -1;
	if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "ok")))
		return fail_as_answered(answer, e);
	*ret_answer = answer;
	return 0;
}

void
control_client_stop_on(struct control_client *c, const volatile sig_atomic_t *stop)
{
	c->stop = stop;
}

void
control_client_on_progress(
    struct control_client *c, void (*fn)(void *arg, int64_t events), void *arg)
{
	c->on_progress = fn;
	c->on_progress_arg = arg;
}

cJSON *
control_request(const char *name)
{
	cJSON *request = cJSON_CreateObject();

	if (cJSON_AddStringToObject(request, "do", name) != NULL)
		return request;
	cJSON_Delete(request);
	return NULL;
}

int
control_client_ask(
    const char *path, cJSON *request, int timeout_ms, cJSON **ret_answer, struct err *e)
{
	struct control_client *c = NULL;
	int rc;

	rc = request == NULL ? err_nomem(e) : control_client_open(path, &c, e);
	if (rc == 0)
		rc = control_client_call(c, request, timeout_ms, ret_answer, e);
	control_client_close(c);
	cJSON_Delete(request);
	return rc;
}
