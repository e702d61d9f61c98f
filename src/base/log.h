/*
 * The log: one line for each entry on standard error, "time level text" with control bytes escaped,
 * or a JSON object with the members time, level and text.
 *
 * The top of a thread logs; library code returns errors. Keys and bodies of events are never
 * logged. Any thread may log. Under systemd (JOURNAL_STREAM is set) a line begins with the
 * journal's priority prefix, and text has no time.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Any thread, at any time. Until the first call the level is info, the format is text, and a line
 * has its time. */
void log_setup(enum log_level most, enum log_format format);
/* From now on all levels are logged, whatever log_setup says. */
void log_everything(void);
/* Return 0, or -1 when name is not a level ("error", "warn", "info", "debug") or a format ("text",
 * "json"). */
int log_level_parse(const char *name, enum log_level *ret_level);
int log_format_parse(const char *name, enum log_format *ret_format);
bool log_enabled(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_enabled(LOG_LEVEL_DEBUG))                                                  \
			log_line(LOG_LEVEL_DEBUG, __VA_ARGS__);                                    \
	} while (0)

/*
 * Limits messages that clients can cause at will. log_limit_pass returns true at most once in
 * period_ms; ret_suppressed gets the number of messages suppressed since then. Use one zeroed
 * struct for each call site and thread.
 */
struct log_limit {
	int64_t next_ms;
	unsigned suppressed;
};

bool log_limit_pass(
    struct log_limit *l, int64_t mono_ms, int64_t period_ms, unsigned *ret_suppressed);

#endif
