/*
 * The dispatcher: one thread that takes due events from the outbox and sends them to Bento.
 *
 * For each site: read due events in order of arrival, minus those in flight; make the batch; record
 * the attempt and wait for that commit; send; decide (event/verdict); record the outcome. A refused
 * batch is sent again in halves until the refused events stand alone. A site that fails is asked
 * with single events at growing intervals (dispatch/breaker) and costs its events nothing. While a
 * request is under way the next batch is prepared, and the end of one attempt is recorded in the
 * same transaction as the beginning of the next.
 */
#ifndef DISPATCH_DISPATCHER_H
#define DISPATCH_DISPATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/rand.h"
#include "base/shared.h"
#include "dispatch/transport/transport.h"
#include "event/mapping/mapping.h"
#include "outbox/outbox.h"

struct age_memory;
struct dispatcher;

/* What each means: bentospool.conf(5), "Sections site". */
struct dispatch_site_options {
	struct shared *owner; /* of all that is pointed to: held as long as that is used; or NULL */
	int64_t site_id;
	const char *name;
	const char *api_url;
	const char *site_uuid;
	const char *publishable_key;
	const char *secret_key;
	const char *ca_file; /* NULL or "": the system's */
	unsigned batch_events;
	size_t batch_bytes;
	unsigned requests_per_minute; /* 0: no limit */
	unsigned concurrency;
	int64_t timeout_ms;
	int64_t retry_first_ms;
	int64_t retry_max_ms;
	struct mapping_options mapping;
	struct verdict_policy policy;
	unsigned max_attempts; /* failures charged to an event itself; 0: no limit */
	int64_t max_age_ms;    /* since an event was received; 0: no limit */
	/* how the process before left it */
	bool paused;       /* by an operator: see dispatcher_site_control */
	size_t byte_limit; /* the largest body that Bento takes; 0: batch_bytes */
	unsigned refused;  /* single events refused in a row */
};

struct dispatcher_options {
	const char *database; /* for the read-only connection */
	struct outbox *outbox;
	struct transport *transport; /* taken by success: freed with the dispatcher */
	const struct clock *clock;
	uint64_t seed;                   /* of the jitter */
	const struct age_memory *clocks; /* of the process before; NULL: nothing is known */
	uint64_t boot;                   /* which boot of the machine this is */
	const struct dispatch_site_options *sites;
	size_t n_sites;
	int64_t stop_deadline_ms; /* how long requests in flight may still take at the end */
	/* Called on the dispatcher's thread when a site backs off, pauses by itself or is well
	 * again; the strings are valid during the call. May be NULL. */
	void (*on_site)(
	    void *arg, const char *site, enum outbox_site_mode mode, const char *reason);
	void *on_site_arg;
};

int dispatcher_new(
    const struct dispatcher_options *o, struct dispatcher **ret_dispatcher, struct err *e);
int dispatcher_start(struct dispatcher *d, struct err *e);
/* There may be something due. Any thread; cheap when the dispatcher is awake. */
void dispatcher_wake(struct dispatcher *d);
/*
 * Somebody changed events that were there already, or older ones are due: what was read ahead and
 * has not begun is read again, from the oldest on. Any thread.
 */
void dispatcher_look_again(struct dispatcher *d);
/*
 * New settings for some of the sites, credentials among them, used once the requests under way have
 * ended. Pauses that these sites made by themselves end: they are asked again at once. What the
 * process before left is not looked at. -1: no memory, nothing changes. Any thread, until
 * dispatcher_stop.
 */
int dispatcher_reload_sites(
    struct dispatcher *d, const struct dispatch_site_options *sites, size_t n, struct err *e);
/*
 * An operator's word for a site: while it is paused no request begins for it; those under way end
 * by themselves. Its end, and a flush, have it tried at once, whatever it waits for. Any thread,
 * until dispatcher_stop; a site that is not there is passed over.
 */
enum dispatch_site_control { DISPATCH_PAUSE, DISPATCH_RESUME, DISPATCH_FLUSH };
void dispatcher_site_control(
    struct dispatcher *d, int64_t site_id, enum dispatch_site_control what);
/* Lets requests in flight end within the deadline, cancels the rest, records all of them, ends the
 * thread. The outbox's writer must still be running. */
void dispatcher_stop(struct dispatcher *d);
/* Nobody may call dispatcher_wake any more: free it after the outbox was stopped. */
void dispatcher_free(struct dispatcher *d);

#endif
