/*
 * Writes each line to standard error with one write, so that lines of several threads stay whole.
 * Control bytes are escaped and long lines are cut. A failure to write is ignored.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/isotime.h"

#define LINE_MAX_BYTES 2048

static enum log_level log_most = LOG_LEVEL_INFO;
static bool log_to_journal;

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const char *const level_priorities[] = { "<3>", "<4>", "<6>", "<7>" };

void
log_setup(enum log_level most)
{
	log_most = most;
	log_to_journal = getenv("JOURNAL_STREAM") != NULL;
}

bool
log_enabled(enum log_level level)
{
	return level <= log_most;
}

/* Copies text and writes control bytes as \xNN, so that input cannot forge a line or move the
 * cursor. */
static size_t
escape_into(char *to, size_t room, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 5 < room; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(to + n, room - n, "\\x%02x", c);
		else
			to[n++] = *text;
	}
	return n;
}

static size_t
write_prefix(char *line, size_t room, enum log_level level)
{
	char when[ISOTIME_SIZE];
	int n;

	if (log_to_journal) {
		n = snprintf(line, room, "%s", level_priorities[level]);
	} else {
		isotime_format(clock_wall(&clock_system), when);
		n = snprintf(line, room, "%s %-5s ", when, level_names[level]);
	}
	return (size_t)n;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES / 2];
	char line[LINE_MAX_BYTES];
	va_list ap;
	size_t n;
	ssize_t written;

	if (!log_enabled(level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = write_prefix(line, sizeof(line), level);
	n += escape_into(line + n, sizeof(line) - n - 1, text);
	line[n++] = '\n';
	/* One write for each line keeps lines of several threads whole. The spooler goes on when a
	 * write fails. */
	written = write(STDERR_FILENO, line, n);
	(void)written;
}

bool
log_limit_pass(struct log_limit *l, int64_t mono_ms, int64_t period_ms, unsigned *ret_suppressed)
{
	if (mono_ms < l->next_ms) {
		l->suppressed++;
		return false;
	}
	*ret_suppressed = l->suppressed;
	l->suppressed = 0;
	l->next_ms = mono_ms + period_ms;
	return true;
}
