/*
 * The Nth failure: a workload runs again and again, and each time the next call of a class fails,
 * until none is left. After each failure the workload says whether all is right, and no block is
 * left over.
 */
#ifndef LIB_FAILING_NTH_H
#define LIB_FAILING_NTH_H

#include <stdbool.h>

/* What fails. */
struct nth_fault {
	const char *name; /* of a function or a class: lib/failing/failing.h */
	int in_a_row;
	int error;       /* an errno or a library's result; 0: out of memory */
	bool one_thread; /* only calls of the thread that arms */
};

struct nth_workload {
	const char *name;
	void (*prepare)(void); /* nothing fails; NULL: nothing to prepare */
	/* Calls fail from nth_arm to nth_disarm. Returns 0, or -1 when an error was reported. */
	int (*act)(void);
	/* Nothing fails: whether the result is right, and whether the next try works. Frees what
	 * prepare and act made. fired: a call failed. */
	void (*check)(int rc, bool fired);
};

/* Starts the program again with failing.so preloaded; ends it as skipped where that is not
 * possible. */
void nth_start(char **argv);
/* Called by act(): calls fail from here on, until nth_disarm. */
void nth_arm(void);
void nth_disarm(void);
/* Whether more is to be tried than in make check: FAULTS_RUNS or FAULTS_SAMPLE is set. */
bool nth_is_thorough(void);
/* Tries every call, or in make check a sample of about `sample`. A failure fails the test. */
void nth_try(const struct nth_workload *w, const struct nth_fault *fault, int sample);

#endif
