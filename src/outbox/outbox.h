/*
 * The outbox: one SQLite file, one thread that writes it, and the messages that reach that thread.
 *
 * This header has the outbox's life (open, start, send, stop, close) and its health, and includes
 * the messages that ingest and dispatch send; outbox/message.h lists all of them. To read, open a
 * struct outbox_reader (outbox/read/reader.h) or a struct outbox_audit (outbox/read/audit.h).
 *
 * The writer takes all messages that wait, applies them in one transaction, commits with one fsync,
 * and only then calls each message's done().
 *
 * Failure: a transaction that fails is rolled back as a whole, and every message in it gets the
 * error. ERR_FULL and ERR_BUSY can pass without a restart. ERR_IO stays: after a failed write
 * nobody knows what is on the disk, so nothing is written or confirmed until a restart
 * (doc/faults.md).
 */
#ifndef OUTBOX_OUTBOX_H
#define OUTBOX_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "outbox/message.h"
#include "outbox/tally.h"
#include "outbox/write/attempts.h"
#include "outbox/write/clocks.h"
#include "outbox/write/put.h"
#include "outbox/write/settle.h"
#include "outbox/write/sites.h"

/* The WAL is cut when it exceeds this size and no reader needs it. */
#define OUTBOX_WAL_CUT (128 << 20)

/*
 * When less than this many bytes are free, nothing new begins; the ballast (file/reserve.h) has as
 * many.
 */
#define OUTBOX_RESERVE (4 << 20)

/*
 * When a transaction takes longer than this, the disk hangs. A check once a second reports this
 * within five seconds.
 */
#define OUTBOX_STALL_MS 4000

struct meters;
struct outbox;

struct outbox_options {
	const char *path;        /* of the database; its directory must exist and be writable */
	uint64_t min_free_bytes; /* new events are refused below this much free space, and below
				    OUTBOX_RESERVE */
	uint64_t max_wal_bytes;  /* new events are refused when the WAL is this long; 0: no limit */
	size_t max_waiting;      /* messages of bounded kinds in the writer's mailbox, */
	size_t max_waiting_bytes; /* and the bytes of these messages */
	const struct clock *clock;
	bool passing; /* for one verb without a daemon: keep the recorded states of sites */
	/*
	 * Called on the writer's thread after a commit that made events due; must be quick and
	 * thread-safe; may be NULL. changed: the commit also changed older events, so events that
	 * were read ahead may be out of date.
	 */
	void (*on_due)(void *arg, bool changed);
	void *on_due_arg;
	/*
	 * Called by outbox_open when an older file is upgraded: as something begins that may take
	 * long, and then every second or more often. It says for people what is being done; may be
	 * NULL.
	 */
	void (*on_upgrade)(void *arg, const char *doing);
	void *on_upgrade_arg;
};

/*
 * Takes the lock, creates or migrates the file, ends attempts that a crash left open (`unknown`),
 * and loads the recent messageIds. Does not start the thread. Main thread. ret_recovered (may be
 * NULL) gets the number of attempts that had no end.
 */
int outbox_open(const struct outbox_options *o, struct outbox **ret_outbox, int64_t *ret_recovered,
    struct err *e);

/*
 * Returns 0 when the file is an outbox's database, is empty or does not exist. A process that has
 * the database open must not call this: closing the file here would drop SQLite's locks.
 */
int outbox_check_file(const char *path, struct err *e);

/* ---- between outbox_open and outbox_start; main thread --------------------------------------- */

/* Returns the id of a site by its name; a new site is added. */
int outbox_site(struct outbox *o, const char *name, int64_t *ret_site_id, struct err *e);
int outbox_site_before(
    struct outbox *o, int64_t site_id, struct outbox_site_before *ret_before, struct err *e);
/* Reads the note of the last OUTBOX_CLOCK; zeros when there was none. */
int outbox_clock_read(struct outbox *o, struct clock_note *ret_note, struct err *e);
/* The events with times from a clock that was not set. */
struct outbox_unset {
	int64_t events;         /* number of events with times to correct */
	int64_t newest_receipt; /* the newest receipt of all events, wall ms; 0: no event */
};
int outbox_unset_read(struct outbox *o, struct outbox_unset *ret, struct err *e);
struct identity_site; /* defined in outbox/identity/identity.h */
/* Sets what each site does with identities, until an OUTBOX_UNRESOLVED replaces it. Copies the
 * array. */
int outbox_identities(struct outbox *o, const struct identity_site *sites, size_t n, struct err *e);

/* ---- running -------------------------------------------------------------------------------- */

int outbox_start(struct outbox *o, struct err *e);
/*
 * Hands a message over. Returns -1 when it is refused at once: the sender keeps it, and done() is
 * not called. Every kind is refused after outbox_stop, a bounded kind also when the mailbox is
 * full. Any thread.
 */
int outbox_send(struct outbox *o, struct outbox_msg *msg);
/* Wakes the writer for messages that were sent with mail.more. Any thread. */
void outbox_wake(struct outbox *o);
/*
 * Writes the remaining messages, makes a checkpoint, and ends the thread. Later messages are
 * refused. Returns 0, or -1 when the last checkpoint failed. Main thread.
 */
int outbox_stop(struct outbox *o, struct err *e);
/* Closes the file and releases the lock. Call it after outbox_stop, or instead of outbox_start. */
void outbox_close(struct outbox *o);

/* ---- health and counters; any thread --------------------------------------------------------- */

enum outbox_health {
	OUTBOX_OK,
	OUTBOX_FULL, /* no space on the disk, or the WAL has reached its limit: refuses new events,
			still records deliveries while it can */
	OUTBOX_BLOCKED, /* another program holds the write lock; passes when that program ends */
	OUTBOX_STALLED, /* a write has not come back for OUTBOX_STALL_MS: the disk hangs; may pass
			 */
	OUTBOX_FAULTY,  /* SQLite cannot store for another reason, such as no memory; may pass */
	OUTBOX_FAILED   /* an I/O error; stays until a restart */
};

enum outbox_health outbox_health(const struct outbox *o);
/* Returns how long the present write has taken so far, in ms; 0 while nothing is written. */
int64_t outbox_writing_ms(const struct outbox *o);
/* Copies what is wrong and what to do; "" when OK. */
void outbox_health_text(struct outbox *o, char *ret_text, size_t size);
/* Calls found with each other process that reads the database now, and so keeps its write-ahead log
 * from being cut: perhaps several times with the same. Any thread. */
void outbox_find_readers(
    const struct outbox *o, void (*found)(void *arg, int pid, const char *name), void *arg);

/* Counted since the start of the process. */
struct outbox_counters {
	uint64_t stored;     /* events stored */
	uint64_t duplicates; /* events that were already stored */
	uint64_t commits;
	uint64_t delivered; /* events */
	uint64_t attempts;
	uint64_t erasures; /* persons whom delete calls named */
};

void outbox_counters(const struct outbox *o, struct outbox_counters *ret_counters);
/* The events that got a final status since the start of the process: see tally.h. */
size_t outbox_finished(const struct outbox *o, struct tally_row ret_rows[TALLY_MAX]);

/* Numbers for metrics: see meters.h. */
const struct meters *outbox_meters(const struct outbox *o);

#endif
