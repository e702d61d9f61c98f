/*
 * The control socket: listening, the options for all requests, and the mailbox through which the
 * writer's thread returns finished messages to the main thread. A socket file without a listener is
 * replaced. The start fails when another process answers at the path, or when the file there is not
 * a socket.
 */
#include "control/control.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/control_private.h"

/* ---- messages that the writer returned ------------------------------------------------------- */

/* On the writer's thread. */
static void
ring(void *arg)
{
	const struct control *c = arg;
	uint64_t one = 1;
	ssize_t n;

	/* A full counter means that the main thread is about to wake anyway. */
	do
		n = write(c->done_fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}

static void
on_bell(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof(count));

	(void)n;
	(void)what;
	tasks_take_done(arg);
}

static int
open_box(struct control *c, struct err *e)
{
	if (mailbox_init(&c->done, CONTROL_MAX_CLIENTS, SIZE_MAX, ring, c, e) != 0)
		return -1;
	c->box_open = true;
	c->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->done_fd < 0)
		return err_sys(e, "control socket: cannot create an eventfd");
	c->done_event = event_new(c->base, c->done_fd, EV_READ | EV_PERSIST, on_bell, c);
	if (c->done_event == NULL || event_add(c->done_event, NULL) != 0)
		return err_nomem(e);
	return 0;
}

/* ---- the socket ----------------------------------------------------------------------------- */

static int
set_address(const char *path, struct sockaddr_un *ret_un, struct err *e)
{
	*ret_un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret_un->sun_path))
		return err_set(e, ERR_INPUT, "control socket: the path %s is too long", path);
	memcpy(ret_un->sun_path, path, strlen(path));
	return 0;
}

/* Removes a socket that a killed daemon left; keeps a socket that answers, and any other file. */
static int
clear_the_way(const struct sockaddr_un *un, struct err *e)
{
	struct stat st;
	int fd, rc;

	if (lstat(un->sun_path, &st) != 0)
		return errno == ENOENT ? 0 : err_sys(e, "control socket %s", un->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_INPUT,
		    "control socket: %s exists and is not a socket: move the file, or "
		    "choose another `control`",
		    un->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "control socket: cannot create a socket");
	rc = connect(fd, (const struct sockaddr *)un, sizeof(*un));
	if (rc != 0 && errno == EAGAIN)
		rc = 0; /* EAGAIN: a listener whose queue is full */
	close(fd);
	if (rc == 0)
		return err_set(
		    e, ERR_BUSY, "control socket: another process answers at %s", un->sun_path);
	return unlink(un->sun_path) == 0
		   ? 0
		   : err_sys(e, "control socket: cannot replace %s", un->sun_path);
}

static int
bind_socket(const char *path, struct err *e)
{
	struct sockaddr_un un;
	mode_t mask;
	int fd, rc;

	if (set_address(path, &un, e) != 0 || clear_the_way(&un, e) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "control socket: cannot create a socket");
	/* Other users must not connect, not even in the moment before a chmod. */
	mask = umask(0177);
	rc = bind(fd, (const struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (rc != 0) {
		err_sys(e, "control socket: cannot make %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length,
    void *arg)
{
	(void)listener;
	(void)address;
	(void)length;
	connection_accept(arg, fd);
}

static int
listen_at(struct control *c, struct err *e)
{
	int fd = bind_socket(c->path, e);

	if (fd < 0)
		return -1;
	c->listener = evconnlistener_new(c->base, on_accept, c,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, CONTROL_MAX_CLIENTS, fd);
	if (c->listener == NULL) {
		close(fd);
		return err_sys(e, "control socket: cannot listen at %s", c->path);
	}
	return 0;
}

/* ---- setup and release ---------------------------------------------------------------------- */

static int
copy_sites(struct control *c, const struct control_options *o)
{
	size_t size = 1;
	char *name;

	for (size_t i = 0; i < o->n_sites; i++)
		size += strlen(o->sites[i].name) + 1;
	c->sites = calloc(o->n_sites + 1, sizeof(*c->sites));
	c->names = malloc(size);
	if (c->sites == NULL || c->names == NULL)
		return -1;
	name = c->names;
	for (size_t i = 0; i < o->n_sites; i++) {
		size_t n = strlen(o->sites[i].name) + 1;

		memcpy(name, o->sites[i].name, n);
		c->sites[i] = (struct control_site){ name, o->sites[i].site_id };
		name += n;
	}
	return 0;
}

static int
copy_options(struct control *c, const struct control_options *o, struct err *e)
{
	c->path = strdup(o->path);
	c->version = strdup(o->version);
	if (c->path == NULL || c->version == NULL || copy_sites(c, o) != 0)
		return err_nomem(e);
	c->options = *o;
	c->options.path = c->path;
	c->options.version = c->version;
	c->options.sites = c->sites;
	return 0;
}

int
control_new(const struct control_options *o, struct event_base *base, struct control **ret_control,
    struct err *e)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_nomem(e);
	c->base = base;
	c->started_at = clock_wall(o->clock);
	c->done_fd = -1;
	if (copy_options(c, o, e) != 0 || open_box(c, e) != 0 || listen_at(c, e) != 0) {
		control_free(c);
		return -1;
	}
	*ret_control = c;
	return 0;
}

void
control_stop(struct control *c)
{
	if (c->listener != NULL) {
		evconnlistener_free(c->listener);
		c->listener = NULL;
		unlink(c->path);
	}
	while (c->connections != NULL)
		connection_close(c->connections);
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	control_stop(c);
	while (c->tasks != NULL) {
		struct task *task = c->tasks;

		c->tasks = task->next;
		task_free(task);
	}
	if (c->done_event != NULL)
		event_free(c->done_event);
	if (c->done_fd >= 0)
		close(c->done_fd);
	if (c->box_open) {
		mailbox_take(&c->done);
		mailbox_free(&c->done);
	}
	free(c->names);
	free(c->sites);
	free(c->version);
	free(c->path);
	free(c);
}
