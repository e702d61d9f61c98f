/*
 * Events that are sent together, as three arrays that only grow. Only members_reserve can fail.
 */
#include "dispatch/members.h"

#include <stdlib.h>
#include <string.h>

int
members_reserve(struct members *m, size_t max, struct err *e)
{
	int64_t *ids, *received;
	uint64_t *addresses;

	if (max <= m->max)
		return 0;
	ids = reallocarray(m->ids, max, sizeof(*ids));
	if (ids == NULL)
		return err_nomem(e);
	m->ids = ids;
	addresses = reallocarray(m->addresses, max, sizeof(*addresses));
	if (addresses == NULL)
		return err_nomem(e);
	m->addresses = addresses;
	received = reallocarray(m->received, max, sizeof(*received));
	if (received == NULL)
		return err_nomem(e);
	m->received = received;
	m->max = max;
	return 0;
}

void
members_free(struct members *m)
{
	free(m->ids);
	free(m->addresses);
	free(m->received);
	*m = (struct members){ .n = 0 };
}

void
members_copy(struct members *to, const struct members *from)
{
	memcpy(to->ids, from->ids, from->n * sizeof(*to->ids));
	memcpy(to->addresses, from->addresses, from->n * sizeof(*to->addresses));
	memcpy(to->received, from->received, from->n * sizeof(*to->received));
	to->n = from->n;
	to->group = from->group;
	to->charged = from->charged;
}

bool
members_have(const struct members *m, int64_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->ids[i] == id)
			return true;
	return false;
}

unsigned
members_half(const struct members *m)
{
	return (unsigned)((m->n + 1) / 2);
}
