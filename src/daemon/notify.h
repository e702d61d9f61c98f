/* Telling systemd how far we are (Type=notify). Nothing happens when nobody asked. Main thread. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

void notify_ready(void);
void notify_stopping(void);

#endif
