/* A ring of minutes, which a sample moves on: minutes without a sample of their own had no event.
 */
#include "admin/minutes.h"

#include <string.h>

#define MINUTE_MS 60000

static struct minutes_totals *
at(struct minutes *m, int64_t minute)
{
	return &m->in[minute % MINUTES_KEPT];
}

void
minutes_begin(struct minutes *m, int64_t now, struct minutes_totals totals)
{
	memset(m, 0, sizeof(*m));
	m->first = m->last = now / MINUTE_MS;
	m->before = totals;
}

static void
move_to(struct minutes *m, int64_t minute)
{
	if (minute - m->last >= MINUTES_KEPT) {
		memset(m->in, 0, sizeof(m->in));
		m->last = minute;
	}
	while (m->last < minute)
		*at(m, ++m->last) = (struct minutes_totals){ 0 };
}

void
minutes_sample(struct minutes *m, int64_t now, struct minutes_totals totals)
{
	move_to(m, now / MINUTE_MS);
	at(m, m->last)->received += totals.received - m->before.received;
	at(m, m->last)->delivered += totals.delivered - m->before.delivered;
	m->before = totals;
}

struct minutes_sum
minutes_sum(const struct minutes *m, int ago, int n)
{
	struct minutes_sum sum = { MINUTES_UNKNOWN, MINUTES_UNKNOWN };

	for (int i = ago; i < ago + n && i < MINUTES_KEPT && m->last - i >= m->first; i++) {
		const struct minutes_totals *one = &m->in[(m->last - i) % MINUTES_KEPT];

		if (i == ago)
			sum = (struct minutes_sum){ 0, 0 };
		sum.received += (int64_t)one->received;
		sum.delivered += (int64_t)one->delivered;
	}
	return sum;
}
