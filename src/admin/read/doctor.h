/*
 * /api/doctor: `bentospool doctor --json`, run as a child process on demand, because its checks
 * block and nobody may wait for them. One at a time; a result stays for a minute. Admin's thread.
 */
#ifndef ADMIN_READ_DOCTOR_H
#define ADMIN_READ_DOCTOR_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#define DOCTOR_RUN_S 60          /* the longest run */
#define DOCTOR_KEEP_MS 60000     /* within this time a result is not made again */
#define DOCTOR_OUTPUT_MAX 262144 /* bytes of its findings */

struct admin;
struct admin_request;
struct admin_reply;
struct err;

/* Zeroed, it has never run. */
struct doctor_run {
	pid_t pid;        /* 0: it does not run */
	bool reaped;      /* the child has been waited for */
	pid_t killed;     /* a former child that was killed and not yet reaped; 0: none */
	int fd;           /* of its standard output, while it runs */
	int64_t deadline; /* mono ms */
	struct event event;
	struct buf output; /* what the run has printed so far */

	/* The last run. */
	bool has_result;
	int64_t mono_ms, finished_at; /* mono and wall ms */
	struct buf findings;          /* a line of JSON for each */
	char error[200];              /* why it could not run; "" for none */
};

/* The last result, and whether it runs now. */
void doctor_get(const struct admin_request *r, struct admin_reply *reply);
/* Begins a run, unless one is running or has just ended; answers as doctor_get. */
void doctor_post(struct admin_request *r, struct admin_reply *reply);
/* Ends a run, and forgets the result. */
void doctor_end(struct doctor_run *d);

#endif
