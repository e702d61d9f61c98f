#include "unit/dispatch/transport/tiny_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static void
check(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

/* Returns the length that the head announces. */
static size_t
body_length(const char *head)
{
	static const char name[] = "\r\nContent-Length:";

	for (const char *p = head; (p = strstr(p, "\r\n")) != NULL; p += 2)
		if (strncasecmp(p, name, sizeof(name) - 1) == 0)
			return strtoul(p + sizeof(name) - 1, NULL, 10);
	return 0;
}

/* Reads one complete request into s->last. Returns false when the client closed before. */
static bool
read_request(struct tiny_server *s, int fd)
{
	size_t n = 0, need = SIZE_MAX;

	while (n < need && n < TINY_REQUEST_MAX) {
		ssize_t got = recv(fd, s->last + n, TINY_REQUEST_MAX - n, 0);
		char *end;

		if (got <= 0)
			return false;
		n += (size_t)got;
		s->last[n] = '\0';
		end = strstr(s->last, "\r\n\r\n");
		if (need == SIZE_MAX && end != NULL)
			need = (size_t)(end + 4 - s->last) + body_length(s->last);
	}
	atomic_fetch_add(&s->requests, 1);
	return true;
}

static void
write_text(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t put = send(fd, text, n, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		text += put;
		n -= (size_t)put;
	}
}

/* Sets the connection that tiny_server_stop may shut down; -1 before it is closed. */
static void
hold(struct tiny_server *s, int fd)
{
	pthread_mutex_lock(&s->mutex);
	s->now = fd;
	if (fd >= 0 && s->stopping)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->mutex);
}

static void
end(struct tiny_server *s, int fd, bool reset)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	hold(s, -1);
	if (reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	if (fd >= 0)
		close(fd);
}

static int
accept_next(struct tiny_server *s)
{
	int fd = accept(s->fd, NULL, NULL);

	hold(s, fd);
	atomic_fetch_add(&s->connections, fd >= 0);
	return fd;
}

/* Accepts a connection on which a client sends something: one that is closed without a byte
 * does not count. */
static int
answer(struct tiny_server *s, const struct tiny_step *step, int fd)
{
	while (fd >= 0 && !read_request(s, fd) && step->new_connection) {
		end(s, fd, false);
		atomic_fetch_sub(&s->connections, 1);
		fd = accept_next(s);
	}
	if (fd >= 0)
		write_text(fd, step->text);
	return fd;
}

/* Returns the connection, or -1 when the step ended it. */
static int
play(struct tiny_server *s, const struct tiny_step *step, int fd)
{
	char byte;

	switch (step->what) {
	case TINY_ANSWER:
		return answer(s, step, fd);
	case TINY_SILENCE:
		if (read_request(s, fd))
			while (recv(fd, &byte, 1, 0) > 0)
				;
		return fd;
	case TINY_RESET_READ:
		read_request(s, fd);
		break;
	case TINY_RESET_UNREAD:
		/* data has arrived and is dropped */
		recv(fd, &byte, 1, MSG_PEEK);
		break;
	case TINY_CLOSE:
		break;
	}
	end(s, fd, step->what != TINY_CLOSE);
	atomic_fetch_add(&s->closed, 1);
	return -1;
}

static void *
run(void *arg)
{
	struct tiny_server *s = arg;
	int fd = -1;

	for (size_t i = 0; i < s->n_steps; i++) {
		if (s->steps[i].new_connection) {
			end(s, fd, false);
			fd = accept_next(s);
		}
		if (fd < 0)
			break;
		fd = play(s, &s->steps[i], fd);
	}
	end(s, fd, false);
	return NULL;
}

void
tiny_server_start(struct tiny_server *s, const struct tiny_step *steps, size_t n)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);

	*s = (struct tiny_server){ .steps = steps, .n_steps = n, .now = -1 };
	check(pthread_mutex_init(&s->mutex, NULL) == 0, "pthread_mutex_init");
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->last = calloc(1, TINY_REQUEST_MAX + 1);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(s->last != NULL && s->fd >= 0, "socket");
	check(bind(s->fd, (struct sockaddr *)&at, size) == 0, "bind");
	check(listen(s->fd, 8) == 0, "listen");
	check(getsockname(s->fd, (struct sockaddr *)&at, &size) == 0, "getsockname");
	s->port = ntohs(at.sin_port);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d/x", s->port);
	check(pthread_create(&s->thread, NULL, run, s) == 0, "pthread_create");
}

/* An unfinished script waits in accept or recv; the shutdown wakes it. */
void
tiny_server_stop(struct tiny_server *s)
{
	pthread_mutex_lock(&s->mutex);
	s->stopping = true;
	shutdown(s->fd, SHUT_RDWR);
	if (s->now >= 0)
		shutdown(s->now, SHUT_RDWR);
	pthread_mutex_unlock(&s->mutex);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

void
tiny_server_free(struct tiny_server *s)
{
	pthread_mutex_destroy(&s->mutex);
	free(s->last);
}
