/* Tells systemd that the daemon starts slowly, is ready, is alive, or stops (Type=notify). Does
 * nothing without $NOTIFY_SOCKET. Main thread. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

/* The longest WatchdogSec that is believed, in microseconds: about a month. */
#define NOTIFY_WATCHDOG_MAX INT64_C(2592000000000)

/* The start takes up to so many seconds more, from now on. */
void notify_more_time(unsigned seconds);
void notify_ready(void);
void notify_alive(void);
void notify_stopping(void);
/*
 * Returns after how many microseconds without notify_alive() systemd ends this process
 * ($WATCHDOG_USEC and $WATCHDOG_PID), at least 2000; 0 when it does not wait for signs.
 */
int64_t notify_watchdog_us(void);

#endif
