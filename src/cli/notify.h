/* Telling systemd how far we are (Type=notify). Nothing happens when nobody asked. Main thread. */
#ifndef CLI_NOTIFY_H
#define CLI_NOTIFY_H

void notify_ready(void);
void notify_stopping(void);

#endif
