/* Tells systemd that the daemon is ready or stopping (Type=notify). Does nothing without
 * $NOTIFY_SOCKET. Main thread. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

void notify_ready(void);
void notify_stopping(void);

#endif
