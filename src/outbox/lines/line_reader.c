/*
 * Reads lines in chunks. A line that is too long is skipped; damaged or truncated gzip is
 * ERR_INPUT.
 */
#include "outbox/lines/line_reader.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "outbox/lines/unpack.h"

#define CHUNK 131072

struct line_reader {
	struct unpack *in;
	struct buf text; /* the bytes read; the next line begins at `at` */
	size_t at;
	size_t searched; /* there is no line end before this position */
	bool ended;
	bool marked;   /* a byte order mark at the beginning was looked for */
	bool skipping; /* inside a line that is too long */
};

int
line_reader_open(const char *file, struct line_reader **ret_lines, struct err *e)
{
	bool is_stdin = strcmp(file, "-") == 0;
	int fd =
	    is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(file, O_RDONLY | O_CLOEXEC);
	struct line_reader *l;

	if (fd < 0)
		return err_sys(e, "cannot read %s", file);
	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		close(fd);
		return err_nomem(e);
	}
	if (unpack_new(fd, is_stdin ? "standard input" : file, &l->in, e) != 0) {
		free(l);
		return -1;
	}
	buf_init(&l->text, LINE_MAX_BYTES + CHUNK + 1);
	*ret_lines = l;
	return 0;
}

void
line_reader_close(struct line_reader *l)
{
	if (l == NULL)
		return;
	unpack_free(l->in);
	buf_free(&l->text);
	free(l);
}

static int
read_more(struct line_reader *l, struct err *e)
{
	ssize_t n;
	char *to;

	if (l->at > 0) {
		memmove(l->text.p, l->text.p + l->at, l->text.n - l->at);
		buf_truncate(&l->text, l->text.n - l->at);
		l->searched -= l->at;
		l->at = 0;
	}
	to = buf_reserve(&l->text, CHUNK);
	if (to == NULL)
		return err_nomem(e);
	n = unpack_read(l->in, to, CHUNK, e);
	l->ended = n <= 0;
	if (n > 0)
		l->text.n += (size_t)n;
	return n < 0 ? -1 : 0;
}

/* Programs of Windows begin a text with a byte order mark. */
static void
skip_mark(struct line_reader *l, struct slice *line)
{
	static const char mark[] = "\xef\xbb\xbf";
	const size_t n = sizeof(mark) - 1;

	if (!l->marked && line->n >= n && memcmp(line->p, mark, n) == 0)
		*line = (struct slice){ line->p + n, line->n - n };
	l->marked = true;
}

/* Gives the line up to `end`, without a carriage return; the next one begins at `next`. */
static int
return_line(struct line_reader *l, size_t end, size_t next, struct slice *ret_line)
{
	struct slice line = { l->text.p + l->at, end - l->at };

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	skip_mark(l, &line);
	*ret_line = l->skipping ? SLICE_NONE : line;
	l->skipping = false;
	l->at = l->searched = next;
	return 1;
}

int
line_reader_next(struct line_reader *l, struct slice *ret_line, struct err *e)
{
	for (;;) {
		const char *end = NULL;

		if (l->searched < l->text.n)
			end = memchr(l->text.p + l->searched, '\n', l->text.n - l->searched);
		if (end != NULL)
			return return_line(
			    l, (size_t)(end - l->text.p), (size_t)(end - l->text.p) + 1, ret_line);
		l->searched = l->text.n;
		if (l->ended && (l->text.n > l->at || l->skipping))
			return return_line(l, l->text.n, l->text.n, ret_line);
		if (l->ended)
			return 0;
		if (l->text.n - l->at > LINE_MAX_BYTES) {
			l->skipping = true;
			l->at = l->text.n;
		}
		if (read_more(l, e) != 0)
			return -1;
	}
}
