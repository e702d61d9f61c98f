/* Starts another program. Any thread. */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#define SPAWN_DISCARD (-1) /* in place of a file descriptor: /dev/null */

struct spawn_options {
	int output, errors; /* descriptors for what it prints; they stay the caller's */
	bool own_group;     /* a new process group, so that its children can be killed with it */
};

/*
 * Runs the file `program` with argv and env, which end with NULL. Its standard input is empty; no
 * signal is blocked or ignored, whatever the caller's thread does. Other descriptors are inherited
 * unless they are close-on-exec. Returns 0 or an errno; the caller waits for the process.
 */
int spawn(const char *program, char *const *argv, char *const *env, const struct spawn_options *o,
    pid_t *ret_pid);

#endif
