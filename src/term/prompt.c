/*
 * Asks for a line at the terminal. For a secret it turns echo off, and blocks the signals that end
 * a program except while it waits for the line. The terminal is therefore always restored, and the
 * signal is raised again afterwards. Fails at the end of input and after a signal.
 */
#include "term/prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t signalled;

static void
on_signal(int number)
{
	signalled = number;
}

/* The terminal settings that echo_off changed, for echo_on to restore. */
struct silence {
	bool off;
	struct termios before;
	struct sigaction actions[4];
	sigset_t mask;
};

static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define N_ENDINGS (sizeof(endings) / sizeof(*endings))

static void
echo_off(struct silence *s)
{
	const struct sigaction note = { .sa_handler = on_signal };
	struct termios silent;
	sigset_t blocked;

	s->off = tcgetattr(STDIN_FILENO, &s->before) == 0;
	if (!s->off)
		return;
	sigemptyset(&blocked);
	for (size_t i = 0; i < N_ENDINGS; i++)
		sigaddset(&blocked, endings[i]);
	sigprocmask(SIG_BLOCK, &blocked, &s->mask);
	for (size_t i = 0; i < N_ENDINGS; i++)
		sigaction(endings[i], &note, &s->actions[i]);
	silent = s->before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
}

static void
echo_on(struct silence *s)
{
	if (!s->off)
		return;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
	fputc('\n', stderr);
	for (size_t i = 0; i < N_ENDINGS; i++)
		sigaction(endings[i], &s->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
	if (signalled != 0)
		raise(signalled);
}

/* Waits until a whole line can be read. Returns 0, or -1 after a signal. */
static int
await_line(const struct silence *s)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	while (s->off && signalled == 0)
		if (ppoll(&input, 1, NULL, &s->mask) >= 0 || errno != EINTR)
			return 0;
	return s->off ? -1 : 0;
}

static int
take_line(char *ret, size_t size)
{
	int c, rc = 0;

	if (fgets(ret, (int)size, stdin) == NULL)
		return -1;
	if (strchr(ret, '\n') == NULL)
		while ((c = getc(stdin)) != EOF && c != '\n')
			rc = 1;
	ret[strcspn(ret, "\r\n")] = '\0';
	return rc;
}

/* Turns echo off before it prints the prompt, because a person may type at once. */
int
prompt_line(const char *prompt, bool secret, char *ret, size_t size)
{
	struct silence silence = { .off = false };
	int rc;

	if (secret)
		echo_off(&silence);
	fprintf(stderr, "%s: ", prompt);
	fflush(stderr);
	rc = await_line(&silence) == 0 ? take_line(ret, size) : -1;
	echo_on(&silence);
	return rc;
}
