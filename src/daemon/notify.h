/* Tells systemd that the daemon starts slowly, is ready, or stops (Type=notify). Does nothing
 * without $NOTIFY_SOCKET. Main thread. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* The start takes up to so many seconds more, from now on. */
void notify_more_time(unsigned seconds);
void notify_ready(void);
void notify_stopping(void);

#endif
