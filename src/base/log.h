/*
 * The log: one line for each entry on standard error, "time level text", with control bytes
 * escaped.
 *
 * The top of a thread logs; library code returns errors. Keys and bodies of events are never
 * logged. Any thread may log. Under systemd (JOURNAL_STREAM is set) a line has the journal's
 * priority prefix instead of a time.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Call it before other threads start. */
void log_setup(enum log_level most);
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
