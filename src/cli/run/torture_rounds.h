/*
 * The rounds of torture: in each a process stores events and is killed or runs into a limit, and
 * then everything that it acknowledged must be there. Main thread, in a process without other
 * threads.
 */
#ifndef CLI_RUN_TORTURE_ROUNDS_H
#define CLI_RUN_TORTURE_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

/* What a round needs at most, with a margin: the files, the write-ahead log and the ballast. */
#define TORTURE_SPACE (UINT64_C(128) << 20)

struct torture_results {
	int64_t kills;       /* processes killed */
	int64_t full;        /* processes that were stopped by a limit of the size of files */
	int64_t descriptors; /* processes that ran out of descriptors */
	int64_t checks;
	int64_t events;    /* acknowledged */
	int64_t lost;      /* acknowledged events that are not there */
	int64_t findings;  /* damage that verify found */
	char finding[512]; /* the first of them */
};

struct torture_plan {
	const char
	    *database; /* in a directory of its own; is created, and replaced when it is large */
	int64_t until; /* mono ms; each kind of round runs at least once */
	int stop_fd;   /* readable when the test is to end early */
	void (*progress)(void *arg, const struct torture_results *results);
	void *arg;
};

/*
 * Runs until the time is over, the test is stopped, or events are lost or damaged. -1: the outbox
 * could not be opened, written or checked; the error says why.
 */
int torture_rounds(const struct torture_plan *plan, struct torture_results *ret, struct err *e);

/* Removes the files of the database, in a directory that has no others. */
void torture_remove_files(const char *directory);

#endif
