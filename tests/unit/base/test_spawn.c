/* A program starts without the signals, the input and the output of its parent. */
#include "lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"

/* Runs a program with all its output in a pipe. Returns what it printed. */
static const char *
output_of(char **argv, bool own_group, pid_t *ret_pid)
{
	static char text[4096];
	size_t n = 0;
	ssize_t got;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(
	    spawn(argv[0], argv, environ,
		&(struct spawn_options){ ends[1], ends[1], .own_group = own_group }, ret_pid),
	    0);
	close(ends[1]);
	while ((got = read(ends[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	close(ends[0]);
	assert_int_equal(waitpid(*ret_pid, NULL, 0), *ret_pid);
	text[n] = '\0';
	return text;
}

static const char *
output_of_shell(const char *command, bool own_group, pid_t *ret_pid)
{
	static char shell[] = "/bin/sh", flag[] = "-c", text[200];
	char *argv[] = { shell, flag, text, NULL };

	snprintf(text, sizeof(text), "%s", command);
	return output_of(argv, own_group, ret_pid);
}

static void
no_signal_is_blocked_or_ignored(void **state)
{
	/* Without a shell, which may change the signals itself. */
	static char sed[] = "/bin/sed", flag[] = "-n", command[] = "/^SigBlk/p; /^SigIgn/p",
		    status[] = "/proc/self/status";
	char *argv[] = { sed, flag, command, status, NULL };
	unsigned long blocked, ignored;
	sigset_t all;
	pid_t pid;

	(void)state;
	sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_BLOCK, &all, NULL), 0);
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	assert_int_equal(
	    sscanf(output_of(argv, false, &pid), "SigBlk: %lx SigIgn: %lx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & ~(3UL << 31), 0); /* 32 and 33 are glibc's own */
}

static void
the_input_is_empty_and_both_outputs_are_ours(void **state)
{
	pid_t pid;

	(void)state;
	assert_string_equal(
	    output_of_shell("cat; echo out; echo err >&2", false, &pid), "out\nerr\n");
}

static void
an_own_group_is_named_for_the_process(void **state)
{
	pid_t pid;
	long group;

	(void)state;
	group = strtol(output_of_shell("cut -d' ' -f5 /proc/$$/stat", true, &pid), NULL, 10);
	assert_int_equal(group, pid);
	group = strtol(output_of_shell("cut -d' ' -f5 /proc/$$/stat", false, &pid), NULL, 10);
	assert_int_equal(group, getpgrp());
}

static void
discarded_output_goes_nowhere(void **state)
{
	static char shell[] = "/bin/sh", flag[] = "-c",
		    command[] =
			"test /proc/self/fd/1 -ef /dev/null && test /proc/self/fd/2 -ef /dev/null";
	char *argv[] = { shell, flag, command, NULL };
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(
	    spawn(shell, argv, environ,
		&(struct spawn_options){ .output = SPAWN_DISCARD, .errors = SPAWN_DISCARD }, &pid),
	    0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
a_missing_program_is_an_error(void **state)
{
	static char name[] = "/nowhere/program";
	char *argv[] = { name, NULL };
	pid_t pid;

	(void)state;
	assert_int_equal(
	    spawn(name, argv, environ,
		&(struct spawn_options){ .output = SPAWN_DISCARD, .errors = SPAWN_DISCARD }, &pid),
	    ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_signal_is_blocked_or_ignored),
		cmocka_unit_test(the_input_is_empty_and_both_outputs_are_ours),
		cmocka_unit_test(an_own_group_is_named_for_the_process),
		cmocka_unit_test(discarded_output_goes_nowhere),
		cmocka_unit_test(a_missing_program_is_an_error),
	};

	return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
