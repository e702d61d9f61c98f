/*
 * When a link may be used: the byte budget of an hour, spent evenly and without a burst after a
 * pause, and the window of the day. Pure but for the time zone; monotonic ms unless named wall ms.
 */
#ifndef DISPATCH_OUTGOING_BUDGET_H
#define DISPATCH_OUTGOING_BUDGET_H

#include <stdint.h>

/* Bytes that a request costs besides its body, roughly: its head, and the answer. */
#define BUDGET_REQUEST 500

struct budget {
	int64_t bytes_per_hour; /* 0: no limit */
	int64_t next_ms;        /* no request before this time; INT64_MIN: none was sent */
};

void budget_init(struct budget *b, int64_t bytes_per_hour);
/* Changes the limit. What was spent still counts, by the old one. */
void budget_configure(struct budget *b, int64_t bytes_per_hour);
/* Returns how long until a request may start; 0: now. */
int64_t budget_wait(const struct budget *b, int64_t now_ms);
/* Records the start of a request with a body of n bytes. */
void budget_spend(struct budget *b, int64_t now_ms, int64_t n);

/* A part of the day in local time, in minutes since midnight: open from `from` until just before
 * `to`, over midnight when `to` is the smaller one. Equal: always open. */
struct window {
	int from;
	int to;
};

/* The longest answer of window_wait: the clock may be set while the caller waits. */
#define WINDOW_WAIT_MAX_MS 60000

/* Returns how long until the window may be open; 0: it is. now: wall ms. */
int64_t window_wait(const struct window *w, int64_t now);

#endif
