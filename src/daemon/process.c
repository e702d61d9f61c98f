/*
 * Prepares the process before threads start, and unblocks its signals once the event loop exists.
 * Fails when the kernel refuses a limit.
 */
#include "daemon/process.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <pwd.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void
own_signals(sigset_t *ret_set)
{
	static const int signals[] = PROCESS_STOP_SIGNALS;

	sigemptyset(ret_set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(ret_set, signals[i]);
	sigaddset(ret_set, SIGHUP);
}

int
process_prepare(struct err *e)
{
	const struct rlimit none = { 0, 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t set;

	umask(0027);
	/* Threads pass memory to each other all the time: with an arena for each thread, memory
	 * freed by another would stay unused (measured: 3 MB of 24). Large bodies are returned to
	 * the system when they are freed. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(e, "cannot disable core dumps");
	sigemptyset(&ignore.sa_mask);
	if (sigaction(SIGPIPE, &ignore, NULL) != 0 || sigaction(SIGXFSZ, &ignore, NULL) != 0)
		return err_sys(e, "cannot ignore signals");
	own_signals(&set);
	errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
	return errno == 0 ? 0 : err_sys(e, "cannot block signals");
}

int
process_check_user(const char *database, struct err *e)
{
	char folder[PATH_MAX], name[64];
	const struct passwd *owner;
	struct stat st;

	snprintf(folder, sizeof(folder), "%s", database);
	if (geteuid() != 0 || stat(dirname(folder), &st) != 0 || st.st_uid == 0)
		return 0;
	owner = getpwuid(st.st_uid);
	if (owner != NULL)
		snprintf(name, sizeof(name), "%s", owner->pw_name);
	else
		snprintf(name, sizeof(name), "#%lu", (unsigned long)st.st_uid);
	return err_set(e, ERR_INPUT,
	    "will not serve as root: the directory of the database %s belongs to the user %s, who "
	    "could not use the files that root creates: run `sudo -u %s bentospool serve`, or "
	    "start "
	    "the service",
	    database, name, name);
}

int
process_unblock_signals(struct err *e)
{
	sigset_t set;

	own_signals(&set);
	errno = pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	return errno == 0 ? 0 : err_sys(e, "cannot unblock signals");
}

/* Async-signal-safe, so it cannot use the log, which prints the time. */
static void
end_at_once(int signal)
{
	static const char text[] =
	    "signal again: stopping at once; every acknowledged event is on disk\n";

	(void)signal;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(1);
}

void
process_end_at_next_signal(void)
{
	static const int signals[] = PROCESS_STOP_SIGNALS;
	struct sigaction action = { .sa_handler = end_at_once };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
}

int
process_allow_files(unsigned n, struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return err_sys(e, "cannot read the limit of open files");
	if (files.rlim_cur >= n)
		return 0;
	if (files.rlim_max < n)
		return err_set(e, ERR_LIMIT,
		    "max_connections needs %u open files, and the limit is %llu: raise it (ulimit "
		    "-n, LimitNOFILE) or lower max_connections",
		    n, (unsigned long long)files.rlim_max);
	files.rlim_cur = n;
	return setrlimit(RLIMIT_NOFILE, &files) == 0
		   ? 0
		   : err_sys(e, "cannot raise the limit of open files");
}
