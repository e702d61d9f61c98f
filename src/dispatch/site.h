/*
 * One site: what is due for it, what is on its way, and how Bento treats it. Private to dispatch/.
 *
 * A site owns a few attempts, which go round:
 *
 *	IDLE -> FILLED -> BEGINNING -> SENDING -> DECIDED -> ENDING -> IDLE
 *
 * FILLED: a batch was read and mapped. BEGINNING: its row is being committed; only after that the
 * request goes out. DECIDED: the verdict is there, its record is not yet with the writer (or the
 * writer could not keep it, and it is tried again). ENDING: the record is being committed; only
 * after that the events leave the in-flight set. At most `concurrency` attempts are BEGINNING or
 * SENDING, and one is FILLED.
 *
 * Whether Bento can be asked, and with how much, is the breaker's to say (dispatch/breaker.h); what
 * the outbox shows of it is struct outbox_site_state. An outage is a state of the site: it costs
 *the events nothing. What fails alone while the site is fine see dispatch/suspects.h; who has to
 *wait for whom, dispatch/order.h.
 *
 * A prepared batch is dropped whenever an attempt ends without settling its events: they come first
 * again. So with one request at a time it may hold addresses that are in flight.
 *
 * Failure: what the writer cannot keep for a while (no space, locked) is tried again; after an I/O
 * error the dispatcher stops sending for good (dispatcher->failed).
 *
 * Dispatcher thread only; times are monotonic ms unless they are said to be wall ms.
 */
#ifndef DISPATCH_SITE_H
#define DISPATCH_SITE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/batch.h"
#include "dispatch/breaker.h"
#include "dispatch/dispatcher.h"
#include "dispatch/inflight.h"
#include "dispatch/order.h"
#include "dispatch/pace.h"
#include "dispatch/renewal.h"
#include "dispatch/suspects.h"
#include "outbox/outbox.h"

#define SITE_NEVER INT64_MAX
#define SITE_URL_MAX 8192
#define SITE_RESPONSE_KEPT 1024 /* bytes of an answer that the audit keeps */

enum attempt_state {
	ATTEMPT_IDLE,
	ATTEMPT_FILLED,
	ATTEMPT_BEGINNING,
	ATTEMPT_SENDING,
	ATTEMPT_DECIDED,
	ATTEMPT_ENDING
};

struct site;

struct attempt {
	struct site *site;
	enum attempt_state state;
	struct batch batch;
	bool probe;         /* a single event that asks whether the site is well again */
	bool lands;         /* DECIDED, ENDING: its events are pending again once that is kept */
	uint64_t epoch;     /* of the breaker when the request went out */
	int64_t started_ms; /* when the request went out */
	int64_t record_ms;  /* DECIDED: not handed to the writer before */
	struct outbox_attempt_begin begin;
	struct outbox_attempt_end end;
	char error[256];
	char response[SITE_RESPONSE_KEPT + 1];
};

/* Set by any thread (dispatcher_site_control), obeyed by the dispatcher's. */
struct site_word {
	int64_t site_id;
	atomic_bool paused;
	atomic_bool hurry; /* to be tried at once */
};

struct site {
	struct dispatcher *d;
	struct shared *owner; /* held */
	int64_t site_id;
	char *name;
	char *api_url;
	char *urls[BENTO_ENDPOINTS];
	char *user;
	char *password;
	char *ca_file; /* NULL: the system's */
	unsigned concurrency;
	int64_t timeout_ms;
	int64_t retry_first_ms;
	int64_t retry_max_ms;
	unsigned batch_events;
	size_t batch_bytes;
	struct verdict_policy policy;
	unsigned max_attempts;
	int64_t max_age_ms;
	struct mapping_options mapping;
	struct buf mapping_text;

	struct attempt *attempts;
	size_t n_attempts;
	struct attempt *next; /* the FILLED one, or NULL */
	struct inflight inflight;
	struct order order;
	int64_t delayed_ms; /* when to read anew who waits for a time of its own */
	int64_t held_to;    /* see struct batch_source */
	struct pace pace;

	/* when to look for due events: at once, or at a time, or when woken */
	bool look;
	int64_t look_ms;

	struct site_word *word; /* what operators say */

	/* how Bento treats it */
	struct breaker breaker;
	struct outbox_site_state state;
	bool news;           /* the state changed: a line for the log is due */
	unsigned refused;    /* single events refused in a row */
	size_t byte_limit;   /* of a body: smaller than batch_bytes after a 413 */
	int64_t probe_after; /* the event of the last probe */
	struct suspects suspects;
	struct renewal *renewal; /* to be used once the site is quiet; or NULL */

	int64_t begin_ms; /* the writer could not keep an attempt: not before */
	struct batch_unfit unfit;
	struct site_settle settle;
	int64_t settle_ms; /* the writer could not keep it: not before */
	struct outbox_site_change announcement;
	bool announced;
	bool announcing;
};

int site_init(
    struct site *s, struct dispatcher *d, const struct dispatch_site_options *o, struct err *e);
void site_free(struct site *s);

/* Begins and prepares what can be begun and prepared now, records what was decided. */
void site_run(struct site *s);
/* How long the site has nothing to do by itself; -1: until something happens. */
int64_t site_sleep(const struct site *s);
/* Nothing is on its way and no message is with the writer. */
bool site_is_quiet(const struct site *s);
/* Gives up what the writer could not keep. */
void site_abandon(struct site *s);

/* The writer gave a message of this site back. */
void site_take_mail(struct outbox_msg *msg);
/* Takes r. */
void site_take_renewal(struct site *s, struct renewal *r);
/* A request ended. Does not free the result. */
void site_take_result(struct attempt *a, const struct transport_result *result);

/* ---- between the files that work on a site ---- */

/* Records the state of the FILLED attempt's beginning. -1: the outbox takes no more messages. */
int attempt_begin(struct attempt *a);
void attempt_begun(struct attempt *a);
/* Hands the end to the writer. */
void attempt_end(struct attempt *a);
void attempt_ended(struct attempt *a);
/* Its events are free again; the attempt is IDLE. */
void attempt_release(struct attempt *a);
/* How it stands, and what was learnt, as the outbox keeps it. */
struct outbox_site_state site_record(const struct site *s);
/* Makes sure that a batch is there, as full as it can be. False: nothing is due. */
bool site_prepare(struct site *s, int64_t now);
/* This event may be sent again, or no longer holds others back: what is due is read from there. */
void site_unhold(struct site *s, int64_t id);
/* The batch that was prepared is read again when it is needed. */
void site_drop_next(struct site *s);
/* Operators changed events: whatever was read ahead may be out of date. */
void site_look_again(struct site *s, int64_t now);
/* New settings that came are used when nothing is on its way. */
void site_open_renewal(struct site *s, int64_t now);
size_t site_count(const struct site *s, enum attempt_state state);

#endif
