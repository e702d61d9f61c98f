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
 * The site itself is ready, backs off or is paused (struct outbox_site_state); nothing is sent
 * before `open_ms`. That is a state of the site: it costs the events nothing.
 *
 * Failure: what the writer cannot keep for a while (no space, locked) is tried again; after an I/O
 * error the dispatcher stops sending for good (dispatcher->failed).
 *
 * Dispatcher thread only; times are monotonic ms unless they are said to be wall ms.
 */
#ifndef DISPATCH_SITE_H
#define DISPATCH_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dispatch/batch.h"
#include "dispatch/dispatcher.h"
#include "dispatch/inflight.h"
#include "dispatch/pace.h"
#include "outbox/outbox.h"

#define SITE_NEVER INT64_MAX
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
	uint64_t epoch;     /* of the site when the request went out */
	int64_t started_ms; /* when the request went out */
	int64_t record_ms;  /* DECIDED: not handed to the writer before */
	struct outbox_attempt_begin begin;
	struct outbox_attempt_end end;
	char error[256];
	char response[SITE_RESPONSE_KEPT + 1];
};

struct site {
	struct dispatcher *d;
	int64_t site_id;
	char *name;
	char *url;
	char *user;
	char *password;
	char *ca_file; /* NULL: the system's */
	unsigned concurrency;
	int64_t timeout_ms;
	int64_t retry_first_ms;
	int64_t retry_max_ms;
	struct mapping_options mapping;
	struct buf mapping_text;

	struct attempt *attempts;
	size_t n_attempts;
	struct attempt *next; /* the FILLED one, or NULL */
	struct inflight inflight;
	struct pace pace;

	/* when to look for due events: at once, or at a time, or when woken */
	bool look;
	int64_t look_ms;

	/* how Bento treats it */
	struct outbox_site_state state;
	int64_t open_ms; /* nothing is sent before */
	uint64_t epoch;  /* counts the closings: answers to older requests change no newer state */
	unsigned throttled; /* 429s in a row */
	bool news;          /* the state changed: a line for the log is due */

	int64_t begin_ms; /* the writer could not keep an attempt: not before */
	struct batch_unfit unfit;
	struct outbox_settle settle;
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
/* A request ended. Does not free the result. */
void site_take_result(struct attempt *a, const struct transport_result *result);

/* ---- between site.c and attempt.c ---- */

/* Records the state of the FILLED attempt's beginning. -1: the outbox takes no more messages. */
int attempt_begin(struct attempt *a);
void attempt_begun(struct attempt *a);
/* Hands the end to the writer. */
void attempt_end(struct attempt *a);
void attempt_ended(struct attempt *a);
/* Its events are free again; the attempt is IDLE. */
void attempt_release(struct attempt *a);
/* May the site send now? */
bool site_is_open(const struct site *s, int64_t now);

#endif
