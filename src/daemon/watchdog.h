/*
 * Signs of life for systemd (WatchdogSec=). Main thread.
 *
 * A sign goes out at half of the time that systemd waits, only while everything moves: the event
 * loop, which runs this; the writer, none of whose writes has taken longer than that half; and the
 * dispatcher, which has made a step since the last sign. So a part that stands still for less than
 * half of WatchdogSec never ends the daemon, and one that stands still for one and a half times
 * WatchdogSec always does. An outage of Bento, a full disk and a database that another program has
 * locked stop nothing: they are answered.
 */
#ifndef DAEMON_WATCHDOG_H
#define DAEMON_WATCHDOG_H

#include "base/err.h"

struct dispatcher;
struct event_base;
struct outbox;
struct watchdog;

/* Sends the first sign; ret_watchdog gets NULL when nobody waits for signs. */
int watchdog_new(struct event_base *base, struct outbox *outbox, struct dispatcher *dispatcher,
    struct watchdog **ret_watchdog, struct err *e);
void watchdog_free(struct watchdog *w);

#endif
