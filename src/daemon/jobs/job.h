/*
 * Periodic work for the writer, in steps. A run sends one message to the writer again and again, at
 * most JOB_STEPS_A_SECOND times a second, so that the writer can serve others in between. Main
 * thread, except where stated.
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
	/* Returns the message of a new run, which the owner keeps; NULL: nothing to do this
	 * second. */
	struct outbox_msg *(*begin)(void *owner);
	/* Called on the writer's thread after a successful step; returns whether work is left. */
	bool (*more)(void *owner);
	/* Called when the run has ended; rc and err of its message have the result. Returns the
	 * milliseconds until the next run. */
	int64_t (*end)(void *owner);
};

struct job {
	const struct job_kind *kind;
	void *owner;
	struct outbox *outbox;
	const struct clock *clock;
	struct outbox_msg *msg;
	int64_t next_ms; /* mono: when the next run may begin */
	int steps_left;  /* steps left in this second */
	bool running;
	bool unfinished;
	bool restart;
	bool stopped; /* the outbox has stopped */
	struct mailbox done;
};

/* The first run begins first_ms from now or later. */
int job_init(struct job *j, const struct job_kind *kind, void *owner, struct outbox *outbox,
    const struct clock *clock, int64_t first_ms, struct err *e);
/* Call it after outbox_stop: until then the writer may hold the message. */
void job_free(struct job *j);
/* Call it once a second: continues the run, ends it, or begins the next one. */
void job_tick(struct job *j);
/* Call it when the settings of the job have changed: the run ends after its present step, and
 * another begins at once. */
void job_restart(struct job *j);

#endif
