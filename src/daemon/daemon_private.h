/* Shared by daemon.c, start.c and reload.c. Main thread. */
#ifndef DAEMON_DAEMON_PRIVATE_H
#define DAEMON_DAEMON_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "config/config.h"
#include "control/control.h"
#include "daemon/certificates.h"
#include "dispatch/dispatcher.h"
#include "http/inherited.h"
#include "ingest/ingest.h"
#include "outbox/outbox.h"

#define N_SIGNALS 2 /* in SIGNALS_STOP, and in SIGNALS_STRAY */

struct admin;
struct alarm;
struct clocks;
struct event;
struct event_base;
struct erasures;
struct identities;
struct lease;
struct retention;
struct site_changes;
struct watch;
struct watchdog;

struct daemon {
	struct config *config; /* the daemon holds one reference; a reload replaces it */
	const struct config_request *request; /* how it was loaded */
	int64_t *site_ids;
	struct event_base *base;
	struct lease *lease; /* NULL without host_lease */
	struct outbox *outbox;
	struct dispatcher *dispatcher;
	struct ingest *ingest;
	struct inherited inherited;
	struct certificate_set certificates;
	struct control *control;
	struct admin *admin; /* NULL: it has no address */
	struct event *signals[N_SIGNALS];
	struct event *stray[N_SIGNALS];
	struct log_limit stray_limit;
	struct event *reload;
	struct event *tick; /* once a second */
	struct watch *watch;
	struct watchdog *watchdog; /* NULL: systemd does not wait for signs of life */
	struct alarm *alarm;
	struct site_changes *site_changes;
	struct retention *retention;
	struct erasures *erasures;
	struct identities *identities;
	struct clocks *clocks;
	uint64_t boot;
	enum outbox_health health; /* the health that was last logged */
	bool stopping;
};

/* Called once a second: makes the dispatcher send nothing while the clock is not set. */
void daemon_look_at_clocks(struct daemon *d);
/* Starts every part but the dispatcher's thread. On failure the caller releases the parts. */
int daemon_start(struct daemon *d, struct err *e);

/*
 * control_options.on_reload; arg is the struct daemon. Returns an array of texts, one for each
 * change; NULL, with e set, when nothing was changed.
 */
struct cJSON *daemon_reload(void *arg, struct err *e);

#endif
