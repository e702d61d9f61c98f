/*
 * One site: its settings, how Bento treats it (dispatch/health), its due events (dispatch/queue),
 * and its requests (dispatch/outgoing). The site only coordinates them.
 *
 * In each step of the dispatcher, the site applies new settings, when no attempt is in flight, and
 * the requests of operators. Then it begins attempts, each with the queue's next batch, as long as
 * the operator, the site's health, the link and the concurrency allow. It records the ends of
 * attempts after preparing a batch and before beginning it, so that one commit stores both. While
 * requests are in flight it prepares the next batch, then settles events that no request can carry,
 * and last sends a heartbeat if one is due. When the dispatcher stops, or the outbox has failed, it
 * only records decided attempts.
 *
 * Dispatcher thread only; times are monotonic ms.
 */
#ifndef DISPATCH_SITE_PRIVATE_H
#define DISPATCH_SITE_PRIVATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mailbox.h"
#include "dispatch/context.h"
#include "dispatch/health/health.h"
#include "dispatch/outgoing/outgoing.h"
#include "dispatch/queue/queue.h"
#include "dispatch/site_settings.h"

/* Any thread sets it (dispatcher_site_control); the dispatcher's thread reads it. */
struct site_control {
	int64_t site_id;
	atomic_bool paused;
	atomic_bool retry_now; /* try the site now, even if it is backing off */
};

/* New settings, on their way from another thread. */
struct site_reload {
	struct mail mail; /* must be first */
	struct site_settings settings;
};

struct site {
	struct dispatch_context *ctx;
	struct site_control *control;
	struct site_settings settings;
	struct health health;
	struct queue queue;
	struct outgoing outgoing;
	struct site_reload *reload; /* used once no attempt is in flight; or NULL */
};

/* ctx and control must outlive s; s must not move. After a failure there is nothing to free. */
int site_init(struct site *s, struct dispatch_context *ctx, struct site_control *control,
    const struct dispatch_site_options *options, struct err *e);
void site_free(struct site *s);

/* Returns NULL, with e set, on failure. Any thread. */
struct site_reload *site_reload_new(const struct dispatch_site_options *options, struct err *e);
/* NULL is allowed. Any thread. */
void site_reload_free(struct site_reload *r);
/* Takes ownership of r. */
void site_take_reload(struct site *s, struct site_reload *r);
/* Uses the new settings, if there are any, once no request borrows the old ones. */
void site_follow_reload(struct site *s, int64_t now);

/* Begins and prepares what is possible now, and records decided attempts. */
void site_run(struct site *s, int64_t now);
/* Returns the time until the site has work (ms); -1: not until something happens. */
int64_t site_sleep(const struct site *s, int64_t now);
/* Whether no attempt is in flight and no message is with the writer. */
bool site_is_quiet(const struct site *s);

#endif
