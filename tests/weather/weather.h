/*
 * The weather simulation: the real dispatcher in a random world, checked by a small model.
 *
 * One seed is one world: a configuration, a stream of events, months of weather. Everything is
 * drawn from one struct rand and happens on one thread, so that a seed replays exactly.
 *
 *	world.c    the time: what happens next, and whose turn it is
 *	plan.c     what a seed draws: configuration, events, weather, crashes, operators
 *	box.c      the outbox in memory
 *	net.c      the transport, and what the weather does to a request
 *	composer.c events that become several
 *	bento.c    Bento: what it takes, what it refuses, what it answers
 *	model.c    the rules; model_end.c: the rules about how attempts, events and runs end
 *
 * All times are monotonic ms of the simulated clock, unless they are named wall ms.
 */
#ifndef WEATHER_WEATHER_H
#define WEATHER_WEATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/rand.h"
#include "dispatch/dispatcher_private.h"
#include "outbox/outbox.h"

#define SITE_ID 7
#define ADDRESSES_MAX 40 /* one more is used only by the single events after the plan */
#define OPEN_MAX 8       /* requests in flight */
#define TOLD_LINES 40
#define TOLD_SIZE 300
#define NEVER INT64_MAX
#define STORM_BLOCK 20
#define CURSED_MAX 12 /* events of a world that always cause a 500 */
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

struct world;

/* ---- what a seed draws ---------------------------------------------------------------------- */

enum poison_style { POISON_STATUS, POISON_COUNTED, POISON_ALL_COUNTED };
enum twin_style { TWIN_ACCEPTED, TWIN_MISSING, TWIN_FAILED };

struct config {
	struct dispatch_site_options site;
	int64_t stop_deadline_ms;
	int64_t commit_ms; /* time of a commit */
	/* Bento's behavior */
	enum poison_style poison_style;
	int poison_status;
	enum twin_style twin_style; /* how a suppressed duplicate is counted */
	bool plain_replies;         /* a 2xx has a JSON body without counts */
	bool no_failed;             /* `failed` is left out when it is 0 */
	size_t body_limit;          /* larger bodies get 413; 0: no limit */
	/* the events */
	unsigned addresses;
	unsigned poison_percent;
	unsigned cursed_percent;
	unsigned unfit_percent;
	unsigned subscriber_percent;
	unsigned several_percent; /* percent of events that become several items */
	size_t pad_max;
};

enum sky {
	SKY_CLEAR,
	SKY_NO_CONNECTION,
	SKY_THROTTLED,
	SKY_THROTTLED_UNTIL, /* with Retry-After */
	SKY_ERRORS,          /* 500, 503 */
	SKY_GATEWAY,         /* 502, 504, 52x */
	SKY_LOCKED,          /* 401, 403 ...: until the operator fixes the keys */
	SKY_GARBLED,         /* an unreadable 2xx */
	SKY_RESETS,
	SKY_SLOW,
	SKY_MIXED,
	SKY_COUNT
};

enum plan_type {
	PLAN_ARRIVALS, /* n events */
	PLAN_SKY,      /* arg: enum sky */
	PLAN_DISK,     /* arg: enum err_code; ERR_NONE ends the trouble */
	PLAN_JUMP,     /* n: ms that the wall clock jumps */
	PLAN_CRASH,    /* the process dies within n micro-steps */
	PLAN_STOP,
	PLAN_OPERATOR, /* arg: 0 hold, 1 discard, 2 requeue */
	PLAN_REPAIR,   /* the operator sets new credentials and sends SIGHUP */
	PLAN_END
};

struct plan_item {
	int64_t at;
	size_t order; /* order of arrival, for equal times */
	enum plan_type type;
	int arg;
	int64_t n;
};

struct plan {
	struct plan_item *items;
	size_t n;
	size_t room;
	size_t next;
};

/* Draws the configuration and the whole plan. */
void plan_draw(struct world *w, unsigned days);
void plan_free(struct plan *p);

/* ---- events, as the outbox, Bento and the model see them ------------------------------------ */

struct event {
	/* as stored */
	unsigned address;
	size_t pad;
	bool poison; /* Bento refuses it */
	bool cursed; /* Bento answers 500 to every request that contains it */
	bool unfit;  /* the composer cannot make a request of it */
	bool giant;  /* larger than Bento accepts */
	bool subscriber;
	unsigned items; /* number of items it becomes; of a poisoned event only the last item is
			   refused */
	/* state in the outbox */
	enum event_status status;
	char reason[32];
	int64_t next_attempt_at; /* wall ms */
	int64_t received_at;     /* wall ms */
	int64_t arrived;
	int64_t due_mono;     /* next_attempt_at in monotonic time */
	int64_t settled_mono; /* time at which it left `pending` */
	int64_t attempts;
	int64_t maybe_sent;
	unsigned max_batch;
	size_t open_attempt; /* index of its open attempt + 1; 0: none */
	/* state at Bento */
	unsigned taken; /* copies that Bento kept */
	bool refused_alone;
	bool too_large_alone;
	/* state of the model */
	unsigned delivered_ends;
	size_t refused_among; /* the smallest refused batch that contained it; 0: none */
	bool exhausted;       /* failed after max_attempts justified charges */
	bool expired;         /* failed because of its age */
	bool taken_on_trust;  /* delivered by an unreadable answer */
	bool touched;         /* an operator changed it */
	/* model.passed + 1 at its last failure alone in a request; 0: none */
	uint64_t fell_mark;
};

struct attempt_row {
	int64_t *ids;
	size_t n;
	bool ended;
	bool sent;
	bool recovered;
	bool took_any; /* Bento kept a copy of some member */
	bool garbled;  /* its answer cannot be read */
	enum attempt_outcome outcome;
	int http_status;
};

struct box {
	struct event *events; /* index: id - 1 */
	size_t n_events;
	size_t room_events;
	size_t settled; /* none of the first `settled` events is pending */
	size_t n_pending;
	struct attempt_row *attempts; /* index: id - 1 */
	size_t n_attempts;
	size_t room_attempts;
	struct mail *head; /* messages that wait for the writer */
	struct mail **tail;
	struct mail *done; /* committed messages that were not yet returned */
	int64_t commit_at; /* NEVER: no message waits */
	enum err_code disk;
};

void box_init(struct world *w);
/* Makes the port of one process. The process frees it. */
struct outbox_port *box_port(struct world *w);
void box_free(struct box *b);
int64_t box_add(struct world *w, const struct event *event);
bool box_has(const struct world *w, int64_t id);
/* Returns an event that exists. */
struct event *box_event(struct world *w, int64_t id);
/* Plays one transaction of the writer: all waiting messages are stored, or none. */
void box_commit(struct world *w);
/* Returns committed messages to their senders. */
void box_give_back(struct world *w);
/* The process died: uncommitted messages are lost; attempts without an end become unknown. */
void box_crash(struct world *w);
void box_recover(struct world *w);
/* Plays an operation: hold, discard or requeue. */
void box_operate(struct world *w, int64_t id, int verb);
/* Appends the text of an event. */
void box_body(const struct event *event, int64_t id, struct buf *to);

/* Makes several items of an event whose `items` says so. */
extern const struct composer weather_composer;

/* ---- requests ------------------------------------------------------------------------------- */

enum fate {
	FATE_DECIDED,    /* Bento answers */
	FATE_NOT_SENT,   /* no byte was sent */
	FATE_STATUS,     /* an answer, and nothing was accepted */
	FATE_GATEWAY,    /* an answer, and Bento may have accepted the events */
	FATE_GARBLED,    /* an unreadable 2xx, and Bento may have accepted the events */
	FATE_CUT_BEFORE, /* the connection broke before Bento had the request */
	FATE_CUT_AFTER   /* the connection broke after Bento accepted it */
};

struct request {
	void *owner;
	size_t attempt; /* index of its attempt */
	int64_t *ids;
	size_t n;
	size_t items; /* number of items for Bento */
	bool subscribers;
	size_t bytes;
	int64_t started;
	int64_t arrives; /* time at which Bento decides */
	int64_t ends;    /* time at which the dispatcher learns the end */
	enum fate fate;
	bool arrived;
	bool old;      /* sent before the breaker opened */
	bool unmended; /* sent before the operator fixed the settings */
	struct transport_result result;
};

struct net {
	struct transport ops; /* must be first */
	struct world *w;
	struct request *open[OPEN_MAX];
	size_t n_open;
};

void net_init(struct world *w);
/* Returns the next time at which a request changes state; NEVER. */
int64_t net_next(const struct world *w);
/* Lets requests arrive at Bento. */
void net_run(struct world *w);
/* Whether a request has ended and its result was not taken yet. */
bool net_has_result(const struct world *w);
/* The process died: requests that have not arrived never will. */
void net_crash(struct world *w);
void net_free(struct world *w);

/* Bento decides on a request that arrived: accepts events, and writes the answer. */
void bento_judge(struct world *w, struct request *r);
/* Bento accepts the events, whatever the answer will be. */
void bento_take(struct world *w, struct request *r);

/* ---- the model ------------------------------------------------------------------------------ */

struct model {
	/* start of the last request since the dispatcher started; NEVER: none */
	int64_t last_start;
	int64_t starts[160]; /* starts of the last requests, a ring */
	size_t n_starts;
	int64_t wait_until; /* end of the wait that an answer asked for */
	const char *wait_why;
	int64_t told_until; /* end of the wait in the site's row */
	struct outbox_site_state told;
	bool mended;       /* the last answer is about settings that were fixed since */
	bool opened;       /* the last answer was about the site and opened the breaker */
	uint64_t passed;   /* answers that were about the events only */
	unsigned failures; /* failures in a row that ask for a growing wait */
	int64_t failed_at[STORM_BLOCK]; /* times of the last failures, a ring */
	int64_t could_since;            /* time since which a request could have been sent; NEVER */
	bool jumped;                    /* the wall clock has jumped */
};

/* Records that a rule was broken; the first one is kept. */
void model_broken(struct world *w, const char *rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void model_restarted(struct world *w);
void model_request(struct world *w, struct request *r);
void model_result(struct world *w, const struct request *r);
void model_began(struct world *w, const struct outbox_attempt_begin *b);
/* Checks the end of an attempt. Call it before the end is applied. */
void model_ends(struct world *w, const struct outbox_attempt_end *end);
void model_settles(struct world *w, const struct outbox_settle *s);
void model_site_told(struct world *w, const struct outbox_site_state *state);
/* The operator fixed the settings and sent SIGHUP. */
void model_repaired(struct world *w);
/* Checks the order when Bento accepts its first copy of the event. */
void model_first_copy(struct world *w, int64_t id);
/* Checks that no request is overdue, given that nothing happens before `until`. */
void model_idle(struct world *w, int64_t until);
/* Checks a stop that has finished: it took no longer than allowed and left no request in flight. */
void model_stopped(struct world *w, int64_t asked);
/* Checks every event at the end of the run, after a long time of good weather. */
void model_at_end(struct world *w);

/* ---- the world ------------------------------------------------------------------------------ */

enum seen {
	SEEN_REQUESTS,
	SEEN_DELIVERED,
	SEEN_PARTIAL,
	SEEN_REFUSED,
	SEEN_RETRY,
	SEEN_NOT_SENT,
	SEEN_UNKNOWN,
	SEEN_CRASH_IDLE,      /* no request was in flight */
	SEEN_CRASH_BEGUN,     /* a row was committed, its request not sent */
	SEEN_CRASH_IN_FLIGHT, /* a request was in flight */
	SEEN_CRASH_ENDING,    /* an end waited for its commit */
	SEEN_CRASH_KEPT,      /* a message was committed and not yet returned */
	SEEN_STOPS,
	SEEN_DISK_FAULTS,
	SEEN_JUMPS,
	SEEN_OPERATED,
	SEEN_TWINS, /* repeated copies */
	SEEN_FAILED,
	SEEN_HELD,
	SEEN_PROVEN,
	SEEN_INVALID,
	SEEN_PROBES,
	SEEN_SPLITS,
	SEEN_CHARGED,
	SEEN_EXHAUSTED,
	SEEN_EXPIRED,
	SEEN_REPAIRED,
	SEEN_SUBSCRIBERS, /* requests with subscribers */
	SEEN_SEVERAL,     /* deliveries of events that became several items */
	SEEN_TORN,        /* such events of which Bento accepted a part */
	SEEN_COUNT
};

struct world {
	uint64_t seed;
	bool verbose;
	struct rand chance;
	struct config config;
	struct plan plan;
	struct clock clock;
	int64_t mono;
	int64_t wall;
	enum sky sky;
	struct dispatcher *d;
	struct clock_history clocks; /* as the daemon tracks and stores them */
	int64_t step_at;             /* the next wake-up time of the dispatcher */
	int64_t last_end;            /* end of the plan */
	int64_t trickle_at;          /* the next single event, after the plan */
	int64_t crash_in;            /* micro-steps; -1: none */
	unsigned cursed;             /* number of events so far that always cause a 500 */
	bool crashed;                /* the process is about to die */
	int64_t stop_asked;          /* NEVER: no stop was requested */
	int64_t down_until;          /* time before which no process runs */
	struct box box;
	struct net net;
	struct model model;
	uint64_t seen[SEEN_COUNT];
	/* the last lines of the log, a ring */
	char told[TOLD_LINES][TOLD_SIZE];
	size_t n_told;
	const char *broken; /* the broken rule; NULL: none */
	char words[512];
};

/* Runs one seed. Returns false when a rule was broken. The caller frees the world in both cases. */
bool world_run(struct world *w, uint64_t seed, unsigned days, bool verbose);
void world_free(struct world *w);
/* Adds one line to the log of this world. */
void world_tell(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A point at which the process may die. */
void world_micro_step(struct world *w);
/* Uniform in low .. high. */
int64_t world_between(struct world *w, int64_t low, int64_t high);
/* From low to high, with equal chances for each order of magnitude. */
int64_t world_scale(struct world *w, int64_t low, int64_t high);
bool world_chance(struct world *w, unsigned percent);

#endif
