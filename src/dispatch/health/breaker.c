/*
 * The circuit breaker: a state machine over four events (sent, lost, passed, failed) that says when
 * the next request may go out. Pure, and cannot fail.
 */
#include "dispatch/health/breaker.h"

#include "dispatch/health/backoff.h"

/* A throttled site waits up to a tenth longer, so that not all sites come back at once. */
#define THROTTLE_JITTER 10

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

const char *
breaker_mode_name(enum breaker_mode mode)
{
	static const char *const names[] = {
		[BREAKER_CLOSED] = "closed",
		[BREAKER_OPEN] = "open",
		[BREAKER_HALF_OPEN] = "half-open",
	};

	return names[mode];
}

void
breaker_init(struct breaker *b, int64_t retry_first_ms, int64_t retry_max_ms, unsigned full_batch)
{
	*b = (struct breaker){
		.retry_first_ms = retry_first_ms,
		.retry_max_ms = retry_max_ms,
		.full = full_batch,
		.ramp = full_batch,
		.resume = 1,
		.not_before_ms = INT64_MIN,
	};
}

void
breaker_configure(
    struct breaker *b, int64_t retry_first_ms, int64_t retry_max_ms, unsigned full_batch)
{
	if (b->ramp >= b->full || b->ramp > full_batch)
		b->ramp = full_batch;
	if (b->resume > full_batch)
		b->resume = full_batch;
	b->retry_first_ms = retry_first_ms;
	b->retry_max_ms = retry_max_ms;
	b->full = full_batch;
}

int64_t
breaker_next(const struct breaker *b)
{
	switch (b->mode) {
	case BREAKER_CLOSED:
		return b->not_before_ms;
	case BREAKER_OPEN:
		return later(b->probe_ms, b->not_before_ms);
	case BREAKER_HALF_OPEN:
		break;
	}
	return BREAKER_NEVER;
}

bool
breaker_is_probing(const struct breaker *b)
{
	return b->mode != BREAKER_CLOSED;
}

unsigned
breaker_limit(const struct breaker *b)
{
	return b->mode == BREAKER_CLOSED ? b->ramp : 1;
}

bool
breaker_is_careful(const struct breaker *b)
{
	return b->mode != BREAKER_CLOSED || b->ramp < b->full;
}

uint64_t
breaker_sent(struct breaker *b)
{
	if (b->mode == BREAKER_OPEN)
		b->mode = BREAKER_HALF_OPEN;
	return b->epoch;
}

void
breaker_lost(struct breaker *b)
{
	if (b->mode == BREAKER_HALF_OPEN)
		b->mode = BREAKER_OPEN;
}

bool
breaker_passed(struct breaker *b, uint64_t epoch)
{
	if (epoch != b->epoch)
		return false;
	if (b->mode == BREAKER_CLOSED)
		b->ramp = b->ramp > b->full / 2 ? b->full : b->ramp * 2;
	else
		b->ramp = b->resume;
	b->mode = BREAKER_CLOSED;
	b->why = SITE_READY;
	b->failures = 0;
	b->throttled = 0;
	b->owed_ms = 0;
	return true;
}

bool
breaker_probes_at_once(const struct breaker *b, const struct breaker_failure *f)
{
	return f->resume > 0 && f->wait_at_least_ms == 0 && b->failures < BREAKER_AT_ONCE;
}

static int64_t
choose_wait(const struct breaker *b, const struct breaker_failure *f, struct rand *chance)
{
	int64_t least = f->wait_at_least_ms;
	uint64_t jitter = (uint64_t)(least / THROTTLE_JITTER);
	bool soon = f->suspected && b->mode == BREAKER_CLOSED;

	switch (f->why == SITE_PAUSE && soon ? SITE_BACKOFF : f->why) {
	case SITE_READY:
		break;
	case SITE_PAUSE:
		return later(least, b->retry_max_ms);
	case SITE_BACKOFF:
		return later(least,
		    backoff_wait(b->failures + 1, b->retry_first_ms, b->retry_max_ms, chance));
	case SITE_THROTTLE:
		return least + (int64_t)rand_below(chance, jitter + 1);
	}
	return 0;
}

/* Adds the waits that probes at once have skipped, but never past retry_max_ms. */
static int64_t
with_owed(const struct breaker *b, int64_t wait)
{
	int64_t most = later(wait, b->retry_max_ms);

	return b->owed_ms < most - wait ? wait + b->owed_ms : most;
}

/* A stale answer counts only when it asks for a longer wait. */
static bool
fail_stale(struct breaker *b, const struct breaker_failure *f, int64_t now)
{
	int64_t until = now + f->wait_at_least_ms;

	if (f->wait_at_least_ms == 0)
		return false;
	if (until > b->not_before_ms)
		b->not_before_ms = until;
	/* The state depends on the probe, but no request is sent before `until`. */
	if (b->mode == BREAKER_HALF_OPEN || (b->mode == BREAKER_OPEN && until <= b->probe_ms))
		return false;
	/* The new epoch makes the answers of requests in flight stale. */
	b->epoch += b->mode == BREAKER_CLOSED;
	b->mode = BREAKER_OPEN;
	b->why = f->why;
	b->probe_ms = until;
	return true;
}

bool
breaker_failed(struct breaker *b, const struct breaker_failure *f, int64_t now, struct rand *chance)
{
	int64_t wait;

	if (f->epoch != b->epoch)
		return fail_stale(b, f, now);
	wait = choose_wait(b, f, chance);
	if (!breaker_probes_at_once(b, f)) {
		b->resume = 1;
		b->probe_ms = now + with_owed(b, wait);
		b->owed_ms = 0;
	} else {
		if (b->mode == BREAKER_CLOSED)
			b->resume = f->resume;
		b->probe_ms = now;
		b->owed_ms += wait;
	}
	b->mode = BREAKER_OPEN;
	b->why = f->why;
	b->failures++;
	b->throttled += f->why == SITE_THROTTLE;
	b->epoch++;
	return true;
}

void
breaker_retry(struct breaker *b, int64_t now)
{
	if (b->mode == BREAKER_OPEN && b->probe_ms > now)
		b->probe_ms = now;
	b->not_before_ms = INT64_MIN;
}
