/*
 * The keyboard and the screen of `top`. keyboard_begin switches the terminal to raw mode and the
 * alternate screen. A signal that would end the program becomes KEY_QUIT, so that keyboard_end
 * always runs. keyboard_begin fails when the terminal refuses these modes.
 */
#include "term/keyboard.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ENTER "\033[?1049h\033[?25l" /* alternate screen, no cursor */
#define LEAVE "\033[?25h\033[?1049l"
#define ESCAPE 27

static struct termios before;
static volatile sig_atomic_t ended;
static volatile sig_atomic_t resized;
static unsigned char pending[32]; /* bytes read and not yet returned as keys */
static size_t n_pending;

static void
end(int sig)
{
	(void)sig;
	ended = 1;
}

static void
resize(int sig)
{
	(void)sig;
	resized = 1;
}

int
keyboard_begin(struct err *e)
{
	struct sigaction on_end = { .sa_handler = end };
	struct sigaction on_resize = { .sa_handler = resize };
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return err_sys(e, "cannot read the terminal's settings");
	raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* a stopped program would not restore the screen */
	sigaction(SIGINT, &on_end, NULL);
	sigaction(SIGTERM, &on_end, NULL);
	sigaction(SIGHUP, &on_end, NULL);
	sigaction(SIGWINCH, &on_resize, NULL);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) != 0)
		return err_sys(e, "cannot change the terminal's settings");
	fputs(ENTER, stdout);
	return 0;
}

void
keyboard_end(void)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

static void
drop(size_t n)
{
	n_pending -= n;
	memmove(pending, pending + n, n_pending);
}

/* Takes one key from pending, which is not empty. */
static enum key
take(char *ret_letter)
{
	bool arrow =
	    n_pending >= 3 && pending[0] == ESCAPE && (pending[1] == '[' || pending[1] == 'O');
	unsigned char c = arrow ? pending[2] : pending[0];

	if (!arrow && c == ESCAPE) {
		drop(n_pending); /* drops the escape sequence of another key */
		return KEY_AGAIN;
	}
	drop(arrow ? 3 : 1);
	if (arrow)
		return c == 'A' ? KEY_UP : c == 'B' ? KEY_DOWN : KEY_AGAIN;
	*ret_letter = (char)c;
	switch (c) {
	case 'k':
		return KEY_UP;
	case 'j':
		return KEY_DOWN;
	case 'q':
		return KEY_QUIT;
	default:
		return KEY_OTHER;
	}
}

enum key
keyboard_wait(int timeout_ms, char *ret_letter)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t n;

	if (n_pending > 0)
		return take(ret_letter);
	if (!ended && !resized && poll(&in, 1, timeout_ms) > 0) {
		n = read(STDIN_FILENO, pending, sizeof(pending));
		if (n <= 0)
			return KEY_QUIT; /* the terminal was closed */
		n_pending = (size_t)n;
		return take(ret_letter);
	}
	if (ended)
		return KEY_QUIT;
	if (resized) {
		resized = 0;
		return KEY_AGAIN;
	}
	return KEY_NONE;
}
