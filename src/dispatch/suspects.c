#include "dispatch/suspects.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dispatch/backoff.h"
#include "dispatch/dispatcher_private.h"

int
suspects_init(struct suspects *u, size_t max, struct err *e)
{
	*u = (struct suspects){ .n = 0 };
	u->ids = calloc(max, sizeof(*u->ids));
	u->addresses = calloc(max, sizeof(*u->addresses));
	return u->ids == NULL || u->addresses == NULL ? err_nomem(e) : 0;
}

void
suspects_free(struct suspects *u)
{
	free(u->ids);
	free(u->addresses);
	*u = (struct suspects){ .n = 0 };
}

void
suspects_note(struct site *s, const struct attempt *a)
{
	struct suspects *u = &s->suspects;
	const struct batch *b = &a->batch;

	if (u->blamed)
		return;
	memcpy(u->ids, b->ids, b->n * sizeof(*u->ids));
	memcpy(u->addresses, b->addresses, b->n * sizeof(*u->addresses));
	u->n = b->n;
	u->group = b->group;
	u->charged = b->charged;
	u->murky = false;
}

void
suspects_clear(struct site *s)
{
	if (!s->suspects.blamed)
		s->suspects.n = 0;
}

bool
suspects_have(const struct suspects *u, int64_t id)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->ids[i] == id)
			return true;
	return false;
}

/* ---- those that fell alone ------------------------------------------------------------------ */

static struct fallen *
find_fallen(struct suspects *u, int64_t id)
{
	for (size_t i = 0; i < SUSPECTS_FALLEN; i++)
		if (u->fallen[i].id == id)
			return &u->fallen[i];
	return NULL;
}

bool
suspects_fell(struct suspects *u, int64_t id)
{
	struct fallen *known = find_fallen(u, id);
	struct fallen now = { .id = id, .strikes = known == NULL ? 0 : known->strikes };

	if (known != NULL)
		known->id = 0;
	u->fallen[u->n_fallen++ % SUSPECTS_FALLEN] = now;
	return known != NULL;
}

void
suspects_stood(struct suspects *u, int64_t id)
{
	struct fallen *known = find_fallen(u, id);

	if (known != NULL)
		known->id = 0;
}

bool
suspects_doubt(const struct suspects *u, int64_t id)
{
	for (size_t i = 0; i < SUSPECTS_FALLEN; i++)
		if (u->fallen[i].id == id)
			return true;
	return suspects_have(u, id);
}

void
suspects_doubt_more(struct suspects *u)
{
	u->murky = true;
}

/* Whether what closed the site can be told from an outage. */
static bool
is_clear(struct suspects *u)
{
	struct fallen *known;

	if (!u->murky)
		return true;
	known = u->n == 1 ? find_fallen(u, u->ids[0]) : NULL;
	return known != NULL && ++known->strikes >= SUSPECTS_STRIKES;
}

/* ---- blaming -------------------------------------------------------------------------------- */

/* What becomes of them, by their number and what they are known for. */
static void
judge(struct site *s)
{
	struct suspects *u = &s->suspects;
	unsigned charged = (unsigned)u->charged + 1;
	bool alone = u->n == 1 && u->group == 1;

	u->settle.site = s;
	u->settle.done = suspects_recorded;
	u->settle.settle = (struct outbox_settle){
		.msg.type = OUTBOX_SETTLE,
		.event_ids = u->ids,
		.n_events = u->n,
		.status = STATUS_PENDING,
		.charge = alone,
		.max_batch = (unsigned)((u->n + 1) / 2),
	};
	u->exhausted = alone && s->max_attempts > 0 && charged >= s->max_attempts;
	u->waits_until = 0;
	if (u->exhausted) {
		u->settle.settle.status = STATUS_FAILED;
		u->settle.settle.reason = "attempts_exhausted";
	} else if (alone) {
		u->waits_until =
		    clock_wall(s->d->clock)
		    + backoff_wait(charged, s->retry_first_ms, s->retry_max_ms, &s->d->chance);
		u->settle.settle.next_attempt_at = u->waits_until;
	}
}

void
suspects_blame(struct site *s)
{
	struct suspects *u = &s->suspects;

	if (u->blamed || u->n == 0)
		return;
	if (!is_clear(u)) {
		u->n = 0;
		return;
	}
	/* Its own record is still on the way, say because the disk is full: another time. */
	for (size_t i = 0; i < u->n; i++)
		if (inflight_has(&s->inflight, u->ids[i])) {
			u->n = 0;
			return;
		}
	judge(s);
	inflight_add(&s->inflight, u->ids, u->n);
	order_take_off(&s->order, u->addresses, u->ids, u->n);
	u->blamed = true;
	u->record_ms = clock_mono(s->d->clock);
}

void
suspects_record(struct site *s, int64_t now)
{
	struct suspects *u = &s->suspects;

	if (!u->blamed || u->with_writer || now < u->record_ms)
		return;
	u->settle.settle.msg = (struct outbox_msg){ .type = OUTBOX_SETTLE };
	u->with_writer = dispatcher_send(s->d, &u->settle.settle.msg) == 0;
	u->blamed = u->with_writer;
}

void
suspects_recorded(struct site *s)
{
	struct suspects *u = &s->suspects;
	const struct err *e = &u->settle.settle.msg.err;

	u->with_writer = false;
	if (u->settle.settle.msg.rc != 0 && e->code != ERR_IO) {
		dispatcher_tell(s->d, &s->d->record_limit, e);
		u->record_ms = clock_mono(s->d->clock) + DISPATCH_RECORD_AGAIN_MS;
		return;
	}
	if (u->settle.settle.msg.rc != 0)
		dispatcher_fail(s->d, e);
	else if (u->waits_until > 0)
		order_wait(&s->order, u->addresses[0], u->ids[0]);
	order_land(&s->order, u->addresses, u->ids, u->n);
	inflight_remove(&s->inflight, u->ids, u->n);
	site_unhold(s, u->ids[0]);
	u->blamed = false;
	u->n = 0;
	s->look = true;
}
