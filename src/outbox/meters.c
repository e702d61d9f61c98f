/* Finds the numbers of a site by a linear search, once for a message. Nothing fails. */
#include "outbox/meters.h"

/* Microseconds: 0.5 ms to 10 s. */
const struct histogram_bounds meters_commit_bounds = { 14,
	{ 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,
	    5000000, 10000000 } };
/* 10 ms to 2 minutes. */
const struct histogram_bounds meters_attempt_bounds = { 13,
	{ 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
	    30000000, 60000000, 120000000 } };
/* A second to a week. */
const struct histogram_bounds meters_delivery_bounds = { 15,
	{ 1000000, 2500000, 5000000, 10000000, 30000000, 60000000, 300000000, 900000000, 3600000000,
	    10800000000, 21600000000, 43200000000, 86400000000, 259200000000, 604800000000 } };

static size_t
find(const struct meters *m, size_t n, int64_t site_id)
{
	size_t i = 0;

	while (i < n && m->sites[i].site_id != site_id)
		i++;
	return i;
}

struct meters_site *
meters_site(struct meters *m, int64_t site_id)
{
	size_t n = atomic_load_explicit(&m->n_sites, memory_order_relaxed);
	size_t i = find(m, n, site_id);

	if (i >= METERS_SITES - 1) {
		site_id = 0;
		i = METERS_SITES - 1;
	}
	if (i == n) {
		m->sites[i].site_id = site_id;
		atomic_store_explicit(&m->n_sites, n + 1, memory_order_release);
	}
	return &m->sites[i];
}

void
meters_add(_Atomic uint64_t *to, uint64_t n)
{
	uint64_t before = atomic_load_explicit(to, memory_order_relaxed);

	if (n > 0)
		atomic_store_explicit(to, before + n, memory_order_relaxed);
}

const struct meters_site *
meters_find(const struct meters *m, int64_t site_id)
{
	size_t n = atomic_load_explicit(&m->n_sites, memory_order_acquire);
	size_t i = find(m, n, site_id);

	return i < n ? &m->sites[i] : NULL;
}

uint64_t
meters_get(const _Atomic uint64_t *of)
{
	return atomic_load_explicit(of, memory_order_relaxed);
}
