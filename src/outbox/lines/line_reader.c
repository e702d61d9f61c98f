/*
 * Reads lines in chunks through zlib, which passes plain text unchanged. A line that is too long is
 * skipped; damaged or truncated gzip is ERR_INPUT.
 */
#include "outbox/lines/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buf.h"

#define CHUNK 131072

struct line_reader {
	const char *file; /* borrowed, for messages */
	gzFile in;        /* passes plain text unchanged */
	struct buf text;  /* the bytes read; the next line begins at `at` */
	size_t at;
	size_t searched; /* there is no line end before this position */
	bool ended;
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
	if (l != NULL)
		l->in = gzdopen(fd, "rb");
	if (l == NULL || l->in == NULL) {
		close(fd);
		free(l);
		return err_nomem(e);
	}
	gzbuffer(l->in, CHUNK);
	l->file = is_stdin ? "standard input" : file;
	buf_init(&l->text, LINE_MAX_BYTES + CHUNK + 1);
	*ret_lines = l;
	return 0;
}

void
line_reader_close(struct line_reader *l)
{
	if (l == NULL)
		return;
	gzclose_r(l->in);
	buf_free(&l->text);
	free(l);
}

static int
read_more(struct line_reader *l, struct err *e)
{
	const char *why;
	char *to;
	int n, code;

	if (l->at > 0) {
		memmove(l->text.p, l->text.p + l->at, l->text.n - l->at);
		buf_truncate(&l->text, l->text.n - l->at);
		l->searched -= l->at;
		l->at = 0;
	}
	to = buf_reserve(&l->text, CHUNK);
	if (to == NULL)
		return err_nomem(e);
	n = gzread(l->in, to, CHUNK);
	why = gzerror(l->in, &code);
	if (n > 0) {
		l->text.n += (size_t)n;
		return 0;
	}
	l->ended = true;
	if (n == 0 && (code == Z_OK || code == Z_STREAM_END))
		return 0;
	if (code == Z_ERRNO)
		return err_sys(e, "cannot read %s", l->file);
	return err_set(e, ERR_INPUT, "%s is damaged or truncated: %s", l->file, why);
}

/* Gives the line up to `end`, without a carriage return; the next one begins at `next`. */
static int
return_line(struct line_reader *l, size_t end, size_t next, struct slice *ret_line)
{
	struct slice line = { l->text.p + l->at, end - l->at };

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
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
