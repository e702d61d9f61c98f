/*
 * Blocks the daemon's signals before threads start, and unblocks them once the event loop handles
 * them. A signal that comes between is not lost: the kernel keeps it.
 */
#include "daemon/signals.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

static const int stop_signals[] = SIGNALS_STOP;
static const int stray_signals[] = SIGNALS_STRAY;
/* Each of them ends a process by default, and nobody has a reason to send it to the daemon. */
static const int ignored_signals[] = { SIGPIPE, SIGXFSZ, SIGALRM, SIGVTALRM, SIGPROF, SIGIO,
	SIGPWR };

#define N(array) (sizeof(array) / sizeof(*(array)))

static void
own_signals(sigset_t *ret_set)
{
	sigemptyset(ret_set);
	for (size_t i = 0; i < N(stop_signals); i++)
		sigaddset(ret_set, stop_signals[i]);
	for (size_t i = 0; i < N(stray_signals); i++)
		sigaddset(ret_set, stray_signals[i]);
	sigaddset(ret_set, SIGHUP);
}

static void
do_nothing(int signal)
{
	(void)signal;
}

/* The event loop gives signals back the handler that they had before it. SIG_IGN would also drop a
 * signal that waits. */
static int
set_handlers(void)
{
	struct sigaction nothing = { .sa_handler = do_nothing, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int rc = sigaction(SIGHUP, &nothing, NULL);

	for (size_t i = 0; i < N(stray_signals); i++)
		rc |= sigaction(stray_signals[i], &nothing, NULL);
	for (size_t i = 0; i < N(ignored_signals); i++)
		rc |= sigaction(ignored_signals[i], &ignore, NULL);
	return rc;
}

int
signals_block(struct err *e)
{
	sigset_t set;

	own_signals(&set);
	errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (errno != 0)
		return err_sys(e, "cannot block signals");
	return set_handlers() == 0 ? 0 : err_sys(e, "cannot ignore signals");
}

int
signals_unblock(struct err *e)
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
signals_end_at_next_stop(void)
{
	struct sigaction action = { .sa_handler = end_at_once };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < N(stop_signals); i++)
		sigaction(stop_signals[i], &action, NULL);
}
