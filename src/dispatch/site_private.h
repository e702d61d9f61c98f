/*
 * One site: its settings, how Bento treats it (dispatch/health), what is due for it
 * (dispatch/queue), and its requests (dispatch/outgoing). The site itself only conducts.
 *
 * In each step of the dispatcher it uses new settings that wait, when nothing is under way, and
 * obeys what operators asked for. Then it begins attempts, each with the queue's next batch, as
 * long as the operator, the site's health, the pace and the concurrency allow; the ends of attempts
 * are recorded between a batch that is prepared and its beginning, so that the writer keeps both
 * with one commit. While requests are in flight it prepares the next batch, and last it settles
 * events that no request can carry. When the dispatcher stops, or the outbox has failed, only what
 * was decided is recorded.
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

/* Set by any thread (dispatcher_site_control), obeyed by the dispatcher's. */
struct site_control {
	int64_t site_id;
	atomic_bool paused;
	atomic_bool retry_now; /* whatever the site waits for */
};

/* New settings, on their way from another thread. */
struct site_reload {
	struct mail mail; /* first */
	struct site_settings settings;
};

struct site {
	struct dispatch_context *ctx;
	struct site_control *control;
	struct site_settings settings;
	struct health health;
	struct queue queue;
	struct outgoing outgoing;
	struct site_reload *reload; /* used once the site is quiet; or NULL */
};

/* ctx and control must outlive s; s must not move. On failure there is nothing to free. */
int site_init(struct site *s, struct dispatch_context *ctx, struct site_control *control,
    const struct dispatch_site_options *options, struct err *e);
void site_free(struct site *s);

/* NULL: e says why. Any thread. */
struct site_reload *site_reload_new(const struct dispatch_site_options *options, struct err *e);
/* NULL is fine. Any thread. */
void site_reload_free(struct site_reload *r);
/* Takes r. */
void site_take_reload(struct site *s, struct site_reload *r);

/* Begins and prepares what can be begun and prepared now, records what was decided. */
void site_run(struct site *s, int64_t now);
/* How long the site has nothing to do (ms); -1: until something happens. */
int64_t site_sleep(const struct site *s, int64_t now);
/* Nothing is under way and no message is with the writer. */
bool site_is_quiet(const struct site *s);

#endif
