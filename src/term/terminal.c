/*
 * Finds out what a stream can show, and asks yes or no. A terminal that does not report its size
 * counts as 80 by 24.
 */
#include "term/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "term/table.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40
#define HEIGHT_DEFAULT 24
#define HEIGHT_MIN 5
#define HEIGHT_MAX 500
#define WIDTH_MAX 240
#define WIDTH_PIPE 1000000

void
terminal_look(FILE *stream, struct terminal *ret_terminal)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size = { 0 };
	int fd = fileno(stream);

	*ret_terminal = (struct terminal){
		.interactive = isatty(fd), .width = WIDTH_DEFAULT, .height = HEIGHT_DEFAULT
	};
	if (!ret_terminal->interactive) {
		ret_terminal->width = WIDTH_PIPE;
		return;
	}
	ret_terminal->moves = term != NULL && strcmp(term, "dumb") != 0;
	ret_terminal->color = ret_terminal->moves && (no_color == NULL || no_color[0] == '\0');
	if (ioctl(fd, TIOCGWINSZ, &size) != 0)
		return;
	if (size.ws_row >= HEIGHT_MIN)
		ret_terminal->height = size.ws_row > HEIGHT_MAX ? HEIGHT_MAX : size.ws_row;
	if (size.ws_col >= WIDTH_MIN)
		ret_terminal->width = size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

void
terminal_print_wrapped(const struct terminal *t, int indent, struct slice text)
{
	struct buf lines;

	buf_init(&lines, (size_t)(indent + 2) * (text.n + 2));
	table_append_wrapped_behind(&lines, text, indent, indent, t->width);
	fwrite(buf_slice(&lines).p, 1, lines.n, stdout);
	buf_free(&lines);
}

bool
terminal_can_ask(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool
terminal_confirm(const char *question)
{
	char answer[16] = "";

	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL)
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}
