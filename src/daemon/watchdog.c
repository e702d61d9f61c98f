/*
 * A timer of the event loop asks the outbox and the dispatcher whether they move, and sends a sign
 * of life if both do. Otherwise it logs once what stands still, and sends nothing until it moves.
 */
#include "daemon/watchdog.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/notify.h"
#include "dispatch/dispatcher.h"
#include "outbox/outbox.h"

struct watchdog {
	struct outbox *outbox;
	struct dispatcher *dispatcher;
	struct event *timer;
	int64_t period_ms;
	bool stuck; /* as it was last logged */
};

/* Writes what stands still; "" when everything moves. */
static void
find_stuck(const struct watchdog *w, char *ret_text, size_t size)
{
	int64_t writing_ms = outbox_writing_ms(w->outbox);
	bool moves = dispatcher_moves(w->dispatcher);

	ret_text[0] = '\0';
	if (writing_ms >= w->period_ms)
		snprintf(ret_text, size, "a write to the database has taken %lld s so far",
		    (long long)writing_ms / 1000);
	else if (!moves)
		snprintf(ret_text, size, "the dispatcher has stood still for %lld s or longer",
		    (long long)w->period_ms / 1000);
}

static void
on_period(evutil_socket_t fd, short what, void *arg)
{
	struct watchdog *w = arg;
	char text[128];
	bool stuck;

	(void)fd;
	(void)what;
	find_stuck(w, text, sizeof(text));
	stuck = text[0] != '\0';
	if (stuck && !w->stuck)
		log_error("watchdog: %s: systemd gets no sign of life any more, and restarts the "
			  "daemon after WatchdogSec",
		    text);
	if (!stuck && w->stuck)
		log_info("watchdog: all parts make progress again");
	w->stuck = stuck;
	if (!stuck)
		notify_alive();
}

int
watchdog_new(struct event_base *base, struct outbox *outbox, struct dispatcher *dispatcher,
    struct watchdog **ret_watchdog, struct err *e)
{
	int64_t period_us = notify_watchdog_us() / 2;
	const struct timeval period = {
		.tv_sec = (time_t)(period_us / 1000000),
		.tv_usec = (suseconds_t)(period_us % 1000000),
	};
	struct watchdog *w;

	*ret_watchdog = NULL;
	if (period_us == 0)
		return 0;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return err_nomem(e);
	w->outbox = outbox;
	w->dispatcher = dispatcher;
	w->period_ms = period_us / 1000;
	w->timer = event_new(base, -1, EV_PERSIST, on_period, w);
	if (w->timer == NULL || event_add(w->timer, &period) != 0) {
		watchdog_free(w);
		return err_nomem(e);
	}
	on_period(-1, 0, w);
	*ret_watchdog = w;
	return 0;
}

void
watchdog_free(struct watchdog *w)
{
	if (w == NULL)
		return;
	if (w->timer != NULL)
		event_free(w->timer);
	free(w);
}
