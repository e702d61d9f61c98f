/*
 * Shows the progress of a long operation on standard error, when that is a terminal: one line,
 * overwritten each time. One thread.
 */
#ifndef TERM_PROGRESS_H
#define TERM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* for example "requeued" */
	int64_t all;      /* 0 when unknown */
	bool shown;
};

/* Shows the number of finished items. A callback: arg is the struct progress. */
void progress_tell(void *arg, int64_t done);
/* Clears the line. */
void progress_end(struct progress *p);

#endif
