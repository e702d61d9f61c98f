/*
 * Writes each line to standard error with one write, so that lines of several threads stay whole.
 * Control bytes are escaped (in JSON as JSON has it) and long lines are cut. A failure to write is
 * ignored.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/isotime.h"
#include "base/utf8.h"

#define LINE_MAX_BYTES 2048

static _Atomic enum log_level log_most = LOG_LEVEL_INFO;
static _Atomic enum log_format log_format = LOG_FORMAT_TEXT;
static atomic_bool log_all, log_to_journal;

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static const char *const level_priorities[] = { "<3>", "<4>", "<6>", "<7>" };
static const char *const format_names[] = { "text", "json" };

void
log_setup(enum log_level most, enum log_format format)
{
	atomic_store(&log_most, most);
	atomic_store(&log_format, format);
	atomic_store(&log_to_journal, getenv("JOURNAL_STREAM") != NULL);
}

void
log_everything(void)
{
	atomic_store(&log_all, true);
}

static int
find_name(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int
log_level_parse(const char *name, enum log_level *ret_level)
{
	int i = find_name(level_names, LOG_LEVEL_DEBUG + 1, name);

	if (i >= 0)
		*ret_level = (enum log_level)i;
	return i >= 0 ? 0 : -1;
}

int
log_format_parse(const char *name, enum log_format *ret_format)
{
	int i = find_name(format_names, LOG_FORMAT_JSON + 1, name);

	if (i >= 0)
		*ret_format = (enum log_format)i;
	return i >= 0 ? 0 : -1;
}

bool
log_enabled(enum log_level level)
{
	return atomic_load_explicit(&log_all, memory_order_relaxed)
	       || level <= atomic_load_explicit(&log_most, memory_order_relaxed);
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

/* Copies text as the inside of a JSON string. A byte that is not UTF-8 becomes U+FFFD. */
static size_t
escape_json_into(char *to, size_t room, const char *text)
{
	const char *end = text + strlen(text);
	size_t n = 0, size;

	for (; text < end && n + 7 < room; text += size) {
		unsigned char c = (unsigned char)*text;

		size = c < 0x80 ? 1 : utf8_length(text, (size_t)(end - text));
		if (size == 0) {
			size = 1;
			n += (size_t)snprintf(to + n, room - n, "\\ufffd");
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(to + n, room - n, "\\u%04x", c);
		} else {
			if (c == '"' || c == '\\')
				to[n++] = '\\';
			memcpy(to + n, text, size);
			n += size;
		}
	}
	return n;
}

static size_t
write_text(char *line, size_t room, enum log_level level, const char *text)
{
	char when[ISOTIME_SIZE];
	size_t n;

	if (atomic_load(&log_to_journal)) {
		n = (size_t)snprintf(line, room, "%s", level_priorities[level]);
	} else {
		isotime_format(clock_wall(&clock_system), when);
		n = (size_t)snprintf(line, room, "%s %-5s ", when, level_names[level]);
	}
	return n + escape_into(line + n, room - n, text);
}

static size_t
write_json(char *line, size_t room, enum log_level level, const char *text)
{
	char when[ISOTIME_SIZE];
	size_t n;

	isotime_format(clock_wall(&clock_system), when);
	n = (size_t)snprintf(line, room, "%s{\"time\":\"%s\",\"level\":\"%s\",\"text\":\"",
	    atomic_load(&log_to_journal) ? level_priorities[level] : "", when, level_names[level]);
	n += escape_json_into(line + n, room - n - 2, text);
	memcpy(line + n, "\"}", 2);
	return n + 2;
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
	n = atomic_load_explicit(&log_format, memory_order_relaxed) == LOG_FORMAT_JSON
		? write_json(line, sizeof(line) - 1, level, text)
		: write_text(line, sizeof(line) - 1, level, text);
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
