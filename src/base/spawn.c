/*
 * By posix_spawn, which does not copy the page tables of a large daemon as fork does. Fails when
 * the program cannot be run, or the system is out of memory or processes.
 */
#include "base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static void
add_output(posix_spawn_file_actions_t *files, int from, int to)
{
	if (from == SPAWN_DISCARD)
		posix_spawn_file_actions_addopen(files, to, "/dev/null", O_WRONLY, 0);
	else
		posix_spawn_file_actions_adddup2(files, from, to);
}

int
spawn(const char *program, char *const *argv, char *const *env, const struct spawn_options *o,
    pid_t *ret_pid)
{
	int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF, rc;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	if ((rc = posix_spawn_file_actions_init(&files)) != 0)
		return rc;
	if ((rc = posix_spawnattr_init(&attributes)) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return rc;
	}
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	add_output(&files, o->output, STDOUT_FILENO);
	add_output(&files, o->errors, STDERR_FILENO);
	if (o->own_group)
		flags |= POSIX_SPAWN_SETPGROUP;
	posix_spawnattr_setflags(&attributes, (short)flags);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	rc = posix_spawn(ret_pid, program, &files, &attributes, argv, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}
