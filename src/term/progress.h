/* How far long work has come, on a terminal only: one line of standard error, written over. */
#ifndef TERM_PROGRESS_H
#define TERM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* "requeued" */
	int64_t all;      /* 0: nobody knows */
	bool shown;
};

/* arg is a struct progress: of use as a callback. */
void progress_tell(void *arg, int64_t done);
/* Takes the line away. */
void progress_end(struct progress *p);

#endif
