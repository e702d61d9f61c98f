/* A linear search finds the range: there are few. Only one thread adds, so that adding needs no
 * atomic instruction that locks the bus. Nothing fails. */
#include "base/meter/histogram.h"

static void
add(_Atomic uint64_t *to, uint64_t n)
{
	uint64_t before = atomic_load_explicit(to, memory_order_relaxed);

	atomic_store_explicit(to, before + n, memory_order_relaxed);
}

void
histogram_add(struct histogram *h, const struct histogram_bounds *bounds, int64_t value)
{
	size_t i = 0;

	if (value < 0)
		value = 0;
	while (i < bounds->n && value > bounds->at[i])
		i++;
	add(&h->counts[i == bounds->n ? HISTOGRAM_MAX : i], 1);
	add(&h->sum, (uint64_t)value);
}

void
histogram_read(const struct histogram *h, const struct histogram_bounds *bounds,
    struct histogram_view *ret_view)
{
	uint64_t n = 0;

	*ret_view = (struct histogram_view){ .bounds = bounds };
	for (size_t i = 0; i < bounds->n; i++) {
		n += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
		ret_view->up_to[i] = n;
	}
	ret_view->count = n + atomic_load_explicit(&h->counts[HISTOGRAM_MAX], memory_order_relaxed);
	ret_view->sum = atomic_load_explicit(&h->sum, memory_order_relaxed);
}
