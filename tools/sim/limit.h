/*
 * The rate limiter: at most N requests in any window, counted exactly. The caller gives the time.
 * Belongs to one thread.
 */
#ifndef TOOLS_SIM_LIMIT_H
#define TOOLS_SIM_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LIMIT_MAX 1000000

struct limit {
	int64_t *at; /* a ring of the times of the last n requests */
	size_t n;    /* 0: no limit */
	size_t next;
	int64_t window_ms;
	int64_t penalty_ms;
	int64_t blocked_until;
};

/* penalty_ms: how long everything is refused after the limit was exceeded; 0: until the window has
 * room again. */
int limit_init(struct limit *l, size_t n, int64_t window_ms, int64_t penalty_ms, struct err *e);
void limit_free(struct limit *l);
/* Whether a request passes now. If not, ret_wait_ms gets the time until the next one may. */
bool limit_pass(struct limit *l, int64_t now_ms, int64_t *ret_wait_ms);

#endif
