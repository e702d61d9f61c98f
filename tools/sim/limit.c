/*
 * The simulated rate limit: a sliding window over the times of requests. Without a limit every
 * request passes.
 */
#include "sim/limit.h"

#include <stdlib.h>

#define NEVER INT64_MIN

int
limit_init(struct limit *l, size_t n, int64_t window_ms, int64_t penalty_ms, struct err *e)
{
	*l = (struct limit){ .n = n, .window_ms = window_ms, .penalty_ms = penalty_ms };
	l->blocked_until = NEVER;
	if (n == 0)
		return 0;
	l->at = calloc(n, sizeof(*l->at));
	if (l->at == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++)
		l->at[i] = NEVER;
	return 0;
}

void
limit_free(struct limit *l)
{
	free(l->at);
	l->at = NULL;
}

bool
limit_pass(struct limit *l, int64_t now_ms, int64_t *ret_wait_ms)
{
	int64_t oldest;

	if (l->n == 0)
		return true;
	if (now_ms < l->blocked_until) {
		*ret_wait_ms = l->blocked_until - now_ms;
		return false;
	}
	oldest = l->at[l->next];
	if (oldest == NEVER || now_ms - oldest >= l->window_ms) {
		l->at[l->next] = now_ms;
		l->next = (l->next + 1) % l->n;
		return true;
	}
	*ret_wait_ms = oldest + l->window_ms - now_ms;
	if (l->penalty_ms > 0) {
		l->blocked_until = now_ms + l->penalty_ms;
		*ret_wait_ms = l->penalty_ms;
	}
	return false;
}
