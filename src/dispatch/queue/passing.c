/*
 * Counts the events that a reading skips, and moves blocked_to past a run of blocked events at its
 * front. Cannot fail.
 */
#include "dispatch/queue/passing.h"

enum reading
pass_over(struct passing *p)
{
	p->run = false;
	return ++p->n < FILL_LOOK_MAX ? READING_ON : READING_ENOUGH;
}

bool
passing_is_blocked(const struct fill *f, uint64_t address, int64_t id)
{
	return (!f->overlap && order_is_in_flight(f->order, address))
	       || order_is_blocked(f->order, address, id);
}

/* An event that a delayed one blocks stays blocked when requests end. Therefore it extends the run
 * of blocked events at the front, which is not read again. */
enum reading
pass_over_blocked(struct passing *p, const struct fill *f, uint64_t address, int64_t id)
{
	bool run = p->run && order_is_blocked(f->order, address, id);
	enum reading next = pass_over(p);

	p->run = run;
	if (run && id > *f->blocked_to)
		*f->blocked_to = id;
	return next;
}

enum reading
pass_over_unfit(struct passing *p, const struct fill *f, int64_t id, const char *reason,
    enum event_status status)
{
	return unfit_add(f->unfit, id, reason, NULL, status) ? READING_ON : pass_over(p);
}

enum reading
pass_over_expired(struct passing *p, const struct fill *f, int64_t id)
{
	return pass_over_unfit(p, f, id, "expired", STATUS_FAILED);
}

enum reading
pass_over_damaged(struct passing *p, const struct fill *f, const struct outbox_event *event)
{
	p->run = false;
	return unfit_add(f->unfit, event->event_id, "damaged", event->damage, STATUS_HELD)
		   ? READING_ON
		   : pass_over(p);
}
