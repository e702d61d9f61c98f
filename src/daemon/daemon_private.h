/* What daemon.c and reload.c share. Main thread. */
#ifndef DAEMON_DAEMON_PRIVATE_H
#define DAEMON_DAEMON_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "control/control.h"
#include "dispatch/dispatcher.h"
#include "ingest/ingest.h"
#include "outbox/outbox.h"

#define N_SIGNALS 2

struct alarm;
struct clocks;
struct event;
struct event_base;
struct news;
struct erasures;
struct identities;
struct retention;

struct daemon {
	struct config *config;                /* held; replaced by a reload */
	const struct config_request *request; /* that led to it */
	int64_t *site_ids;
	struct event_base *base;
	struct outbox *outbox;
	struct dispatcher *dispatcher;
	struct ingest *ingest;
	struct control *control;
	struct event *signals[N_SIGNALS];
	struct event *reload;
	struct event *watch;
	struct alarm *alarm;
	struct news *news;
	struct retention *retention;
	struct erasures *erasures;
	struct identities *identities;
	struct clocks *clocks;
	uint64_t boot;
	enum outbox_health health; /* as last logged */
	bool stopping;
};

/*
 * control_options.on_reload; arg is the struct daemon. The texts of what changed; NULL with e set:
 * nothing has.
 */
struct cJSON *daemon_reload(void *arg, struct err *e);

#endif
