#include "dispatch/breaker.h"

#include "dispatch/backoff.h"

/* A throttled site waits up to a tenth longer, so that not all come back at the same moment. */
#define THROTTLE_JITTER 10

void
breaker_init(struct breaker *b, int64_t retry_first_ms, int64_t retry_max_ms, unsigned full_batch)
{
	*b = (struct breaker){
		.retry_first_ms = retry_first_ms,
		.retry_max_ms = retry_max_ms,
		.full = full_batch,
		.ramp = full_batch,
		.not_before_ms = INT64_MIN,
	};
}

bool
breaker_allows(const struct breaker *b, int64_t now)
{
	return b->mode != BREAKER_HALF_OPEN && now >= breaker_next(b);
}

int64_t
breaker_next(const struct breaker *b)
{
	return b->mode == BREAKER_OPEN && b->open_ms > b->not_before_ms ? b->open_ms
									: b->not_before_ms;
}

bool
breaker_probing(const struct breaker *b)
{
	return b->mode != BREAKER_CLOSED;
}

unsigned
breaker_limit(const struct breaker *b)
{
	return b->mode == BREAKER_CLOSED ? b->ramp : 1;
}

bool
breaker_careful(const struct breaker *b)
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
		b->ramp = 1;
	b->mode = BREAKER_CLOSED;
	b->why = SITE_OPEN;
	b->failures = 0;
	b->throttled = 0;
	return true;
}

static int64_t
longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
choose_wait(const struct breaker *b, const struct breaker_failure *f, struct rand *chance)
{
	int64_t least = f->wait_at_least_ms;
	uint64_t jitter = (uint64_t)(least / THROTTLE_JITTER);

	bool soon = f->suspected && b->mode == BREAKER_CLOSED;

	switch (f->why == SITE_PAUSE && soon ? SITE_BACKOFF : f->why) {
	case SITE_OPEN:
		break;
	case SITE_PAUSE:
		return longer(least, b->retry_max_ms);
	case SITE_BACKOFF:
		return longer(least,
		    backoff_wait(b->failures + 1, b->retry_first_ms, b->retry_max_ms, chance));
	case SITE_THROTTLE:
		return least + (int64_t)rand_below(chance, jitter + 1);
	}
	return 0;
}

/* Of old news only an explicit wish to wait longer counts. */
static bool
fail_stale(struct breaker *b, const struct breaker_failure *f, int64_t now)
{
	int64_t until = now + f->wait_at_least_ms;

	if (f->wait_at_least_ms == 0)
		return false;
	if (until > b->not_before_ms)
		b->not_before_ms = until;
	/* What the probe finds counts, but only then. */
	if (b->mode == BREAKER_HALF_OPEN || (b->mode == BREAKER_OPEN && until <= b->open_ms))
		return false;
	/* What is on its way then is stale too. */
	b->epoch += b->mode == BREAKER_CLOSED;
	b->mode = BREAKER_OPEN;
	b->why = f->why;
	b->open_ms = until;
	return true;
}

bool
breaker_failed(struct breaker *b, const struct breaker_failure *f, int64_t now, struct rand *chance)
{
	if (f->epoch != b->epoch)
		return fail_stale(b, f, now);
	b->open_ms = now + choose_wait(b, f, chance);
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
	if (b->mode == BREAKER_OPEN && b->open_ms > now)
		b->open_ms = now;
	b->not_before_ms = INT64_MIN;
}
