/*
 * Tells systemd that the daemon starts slowly, is ready, is alive or stops, with one datagram to
 * $NOTIFY_SOCKET. Without that variable nothing is sent; a failure is ignored, because the service
 * manager has its own timeout.
 */
#include "daemon/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"

/* Sends one datagram to $NOTIFY_SOCKET: a path, or a name in the abstract namespace, which begins
 * with @. */
static void
notify(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t n = name == NULL ? 0 : strlen(name);
	ssize_t sent;
	int fd;

	if (n < 2 || n >= sizeof(un.sun_path) || (name[0] != '/' && name[0] != '@'))
		return;
	memcpy(un.sun_path, name, n);
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&un,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)sent;
	close(fd);
}

void
notify_more_time(unsigned seconds)
{
	char state[64];

	snprintf(state, sizeof(state), "EXTEND_TIMEOUT_USEC=%u000000", seconds);
	notify(state);
}

void
notify_ready(void)
{
	notify("READY=1");
}

void
notify_alive(void)
{
	notify("WATCHDOG=1");
}

void
notify_stopping(void)
{
	notify("STOPPING=1");
}

/* Returns the number in a variable; -1 when it is not set or not a number from 0 to max. */
static int64_t
variable(const char *name, int64_t max)
{
	const char *text = getenv(name);
	int64_t value;

	return text != NULL && number_parse(text, 0, max, &value) == 0 ? value : -1;
}

int64_t
notify_watchdog_us(void)
{
	int64_t us = variable("WATCHDOG_USEC", NOTIFY_WATCHDOG_MAX);

	if (us <= 0 || getenv("NOTIFY_SOCKET") == NULL)
		return 0;
	/* A child of the watched process inherits the variables, and is not watched itself. */
	if (getenv("WATCHDOG_PID") != NULL && variable("WATCHDOG_PID", INT64_MAX) != getpid())
		return 0;
	return us < 2000 ? 2000 : us;
}
