/*
 * Tells systemd that the daemon starts slowly, is ready or stops, with one datagram to
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
notify_stopping(void)
{
	notify("STOPPING=1");
}
