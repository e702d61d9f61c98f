/*
 * The outbox: one SQLite file, one thread that writes it, and the messages that reach that thread.
 *
 * Only this folder knows tables. Everybody else hands messages to the writer (outbox_send) and
 * reads through a struct outbox_reader of their own (outbox/reader.h).
 *
 * The writer takes all that waits, applies it in one transaction, commits with one fsync, and only
 * then calls each message's done(). A message is owned by the outbox from outbox_send until done().
 *
 * Failure: a transaction that fails is rolled back as a whole and every message in it gets the
 * error. ERR_FULL and ERR_BUSY pass by themselves. ERR_IO latches: nothing is written or promised
 * any more until a restart (doc/faults.md, "Storage").
 */
#ifndef OUTBOX_OUTBOX_H
#define OUTBOX_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mailbox.h"
#include "base/slice.h"
#include "event/bento/bento.h"
#include "event/bento/verdict.h"
#include "event/kind.h"
#include "event/segment/segment.h"

/* Of OUTBOX_CLOCK. */
#define OUTBOX_CLOCK_NUMBERS 4

/* Bytes of the WAL from which on it is cut, as soon as no reader stands in the way. */
#define OUTBOX_WAL_CUT (128 << 20)

struct outbox;

struct outbox_options {
	const char *path;         /* of the database; its folder must exist and be writable */
	uint64_t min_free_bytes;  /* below this much free space new events are refused */
	size_t max_waiting;       /* requests in the writer's mailbox */
	size_t max_waiting_bytes; /* and their bytes */
	const struct clock *clock;
	bool passing; /* nobody delivers: what is told of the sites' states stays */
	/* Called on the writer thread after a commit that stored or freed pending events; cheap and
	 * thread-safe; may be NULL. changed: an operator, an erasure or an identify did something
	 * to events that were there already, so what was read of them before may be out of date. */
	void (*on_due)(void *arg, bool changed);
	void *on_due_arg;
};

/*
 * Takes the lock, creates or migrates the file, ends attempts that a crash left open (`unknown`),
 * and makes ready to find duplicates. Does not start the thread. Main thread.
 * ret_recovered (may be NULL): attempts that had no end.
 */
int outbox_open(const struct outbox_options *o, struct outbox **ret_outbox, int64_t *ret_recovered,
    struct err *e);
/* The id of a site by its name, made when new. After outbox_open, before outbox_start. */
int outbox_site(struct outbox *o, const char *name, int64_t *ret_site_id, struct err *e);
/* How an earlier process left a site. */
struct outbox_site_before {
	bool paused; /* by an operator: outbox/steer.h */
	size_t byte_limit;
	unsigned refused;
};
/* After outbox_site, before outbox_start. */
int outbox_site_before(
    struct outbox *o, int64_t site_id, struct outbox_site_before *ret_before, struct err *e);
/* What the last OUTBOX_CLOCK said; zeros when there was none. After outbox_open, before
 * outbox_start. */
int outbox_clock_read(struct outbox *o, int64_t ret_number[OUTBOX_CLOCK_NUMBERS], struct err *e);
struct identity_site; /* outbox/identity.h */
/* What the sites want of identities, until an OUTBOX_UNRESOLVED says otherwise; copied. After
 * outbox_open, before outbox_start. */
int outbox_identities(struct outbox *o, const struct identity_site *sites, size_t n, struct err *e);
int outbox_start(struct outbox *o, struct err *e);
/*
 * Writes what still waits, checkpoints, ends the thread. Messages sent later are refused. 0, or -1
 * when the last checkpoint or close failed.
 */
int outbox_stop(struct outbox *o, struct err *e);
/* Closes the file and gives up the lock. After outbox_stop, or instead of outbox_start. */
void outbox_close(struct outbox *o);

enum outbox_health {
	OUTBOX_OK,
	OUTBOX_FULL,    /* no space: refuses new events, still records deliveries while it can */
	OUTBOX_BLOCKED, /* another program holds the write lock: passes by itself */
	OUTBOX_FAILED   /* an I/O error: latched until a restart */
};

/* Any thread. */
enum outbox_health outbox_health(const struct outbox *o);
/* What is wrong and what to do, copied; "" when OK. Any thread. */
void outbox_health_text(struct outbox *o, char *ret_text, size_t size);

struct outbox_counters {
	uint64_t stored;     /* events stored since the start */
	uint64_t duplicates; /* events that were already there */
	uint64_t commits;
	uint64_t delivered; /* events */
	uint64_t attempts;
	uint64_t erasures; /* persons whom delete calls want erased */
};

/* Since the start of the process. Any thread. */
void outbox_counters(const struct outbox *o, struct outbox_counters *ret_counters);

/* ---- messages ---------------------------------------------------------------------------- */

enum outbox_msg_type {
	OUTBOX_PUT,
	OUTBOX_ATTEMPT_BEGIN,
	OUTBOX_ATTEMPT_END,
	OUTBOX_SITE_STATE,
	OUTBOX_SETTLE,
	OUTBOX_OPERATE,
	OUTBOX_SITE_CONTROL,
	OUTBOX_PURGE,
	OUTBOX_CLOCK,
	OUTBOX_ERASE,
	OUTBOX_UNRESOLVED,
	OUTBOX_IMPORT
};

struct outbox_msg {
	struct mail mail; /* first: the mailbox's link; cost = bytes held */
	enum outbox_msg_type type;
	/* Called on the writer thread after commit or failure; takes the message back. Must be
	 * quick and must not call the outbox except outbox_send. */
	void (*done)(struct outbox_msg *msg, void *arg);
	void *done_arg;
	/* set by the writer */
	int rc; /* 0: committed and synced; -1: err says why, nothing of it was kept */
	struct err err;
};

/*
 * Hands a message over. -1 when it is refused at once (then it stays the caller's and done() is
 * not called): an OUTBOX_PUT when the mailbox is full, anything after outbox_stop. Any thread.
 */
int outbox_send(struct outbox *o, struct outbox_msg *msg);

/*
 * OUTBOX_PUT: stores events. Slices stay the sender's and must live until done(). Events whose
 * message_id the site already has are counted and not stored again.
 */
struct outbox_put {
	struct outbox_msg msg;
	int64_t site_id;
	int64_t received_at;  /* wall ms */
	struct slice context; /* the batch's raw values; absent when there were none */
	struct slice integrations;
	struct slice sent_at;
	bool browser; /* the request had an Origin */
	const struct segment_event *events;
	size_t n_events;
	/* result */
	size_t n_stored;
	size_t n_duplicates;
	size_t n_erasures;      /* persons who are to be erased */
	int64_t first_event_id; /* of those stored; they are consecutive; 0 when none was */
};

/*
 * OUTBOX_ATTEMPT_BEGIN: one request is about to go out. event_ids ascending. ERR_STATE, and nothing
 * is recorded, when one of them is no longer pending: an operator took it away after the batch was
 * read.
 */
struct outbox_attempt_begin {
	struct outbox_msg msg;
	int64_t site_id;
	int64_t started_at;   /* wall ms */
	struct slice mapping; /* mapping_describe of the options used */
	enum bento_endpoint endpoint;
	const int64_t *event_ids;
	size_t n_events;
	size_t n_bytes; /* of the request's body */
	/* result */
	int64_t attempt_id;
};

enum outbox_site_mode {
	OUTBOX_SITE_READY,
	OUTBOX_SITE_BACKOFF, /* waits for next_attempt_at */
	OUTBOX_SITE_PAUSED   /* waits for an operator, and probes at next_attempt_at */
};

struct outbox_site_state {
	enum outbox_site_mode mode;
	char reason[256];        /* "" when ready */
	int64_t next_attempt_at; /* wall ms; 0: now */
	unsigned failures;       /* in a row */
	/* what was learnt, for the next start */
	size_t byte_limit; /* of a body; 0: nothing smaller than the settings' is known */
	unsigned refused;  /* single events, in a row */
};

/*
 * OUTBOX_ATTEMPT_END: what came of it. Fenced: an attempt that already has an end is left alone
 * (ERR_STATE). `delivered` overrides what an operator did meanwhile, because it is the truth; every
 * other disposition touches pending events only.
 */
struct outbox_attempt_end {
	struct outbox_msg msg;
	int64_t attempt_id;
	int64_t site_id;
	int64_t finished_at; /* wall ms */
	int64_t duration_ms; /* monotonic */
	enum attempt_outcome outcome;
	int http_status;          /* 0: none */
	struct slice error;       /* absent: none */
	struct slice response;    /* the first KiB of the answer */
	const int64_t *event_ids; /* the members, as in begin */
	size_t n_events;
	/* what happens to the members */
	enum event_status status; /* STATUS_PENDING keeps them waiting */
	const char *reason;       /* static or owned by the sender; NULL: none */
	int64_t next_attempt_at;  /* wall ms; 0: due at once, in order of arrival */
	bool charge;              /* count this attempt against them */
	bool maybe_sent;          /* count it as possibly delivered */
	unsigned max_batch;       /* they travel in batches of at most this many; 0: no limit */
	/* and to the site */
	struct outbox_site_state site;
};

/* OUTBOX_SITE_STATE: the state changed without an attempt. */
struct outbox_site_change {
	struct outbox_msg msg;
	int64_t site_id;
	struct outbox_site_state site;
};

/*
 * OUTBOX_SETTLE: what is decided about events without an attempt: that no request can carry them,
 * or that an earlier attempt's failure was their own. Touches pending events only.
 */
struct outbox_settle {
	struct outbox_msg msg;
	const int64_t *event_ids; /* ascending; stay the sender's until done() */
	size_t n_events;
	enum event_status status; /* STATUS_PENDING keeps them waiting */
	const char *reason;       /* static or owned by the sender; NULL: none */
	const char *detail;       /* a sentence beside it, likewise; NULL: what there was stays */
	int64_t next_attempt_at;  /* wall ms; 0: due at once, in order of arrival */
	bool charge;              /* count an attempt against them */
	unsigned max_batch;       /* they travel in batches of at most this many; 0: as before */
};

/*
 * OUTBOX_CLOCK: what is to be remembered about the clocks (dispatch/age.h says what the numbers
 * are); the outbox only keeps them.
 */
struct outbox_clock {
	struct outbox_msg msg;
	int64_t number[OUTBOX_CLOCK_NUMBERS];
};

struct outbox_operation;    /* outbox/operate.h */
struct outbox_site_control; /* outbox/steer.h */
struct outbox_purge;        /* outbox/purge.h */
struct outbox_erase;        /* outbox/erase.h */
struct outbox_import;       /* outbox/import.h */
struct outbox_unresolved;   /* outbox/waiting.h */

#endif
