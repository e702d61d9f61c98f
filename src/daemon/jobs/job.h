/*
 * Work that the daemon has the writer do now and then, in steps: a run sends one message to the
 * writer again and again, at most JOB_STEPS_A_SECOND times a second, so that the writer serves
 * others in between. Main thread, except where stated.
 */
#ifndef DAEMON_JOBS_JOB_H
#define DAEMON_JOBS_JOB_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "outbox/outbox.h"

#define JOB_STEPS_A_SECOND 20

struct job_kind {
	const char *name; /* for the log */
	/* The message of a new run, which stays the owner's; NULL: nothing to do this second. */
	struct outbox_msg *(*begin)(void *owner);
	/* Writer's thread, after a step that succeeded: whether there is more to do. */
	bool (*more)(void *owner);
	/* The run ended: rc and err of its message say how. Returns milliseconds until the next. */
	int64_t (*end)(void *owner);
};

struct job {
	const struct job_kind *kind;
	void *owner;
	struct outbox *outbox;
	const struct clock *clock;
	struct outbox_msg *msg;
	int64_t next_ms; /* mono: when the next run may begin */
	int steps_left;  /* of this second */
	bool running;
	bool unfinished;
	bool restart;
	bool stopped; /* the outbox stops */
	struct mailbox done;
};

/* The first run begins first_ms from now at the earliest. */
int job_init(struct job *j, const struct job_kind *kind, void *owner, struct outbox *outbox,
    const struct clock *clock, int64_t first_ms, struct err *e);
/* After outbox_stop: until then the writer may hold the message. */
void job_free(struct job *j);
/* Once a second: goes on with the run, ends it, begins the next one. */
void job_tick(struct job *j);
/* What the job works from has changed: the run ends after its step, and another begins at once. */
void job_restart(struct job *j);

#endif
