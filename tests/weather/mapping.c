/*
 * Events that become several: the linker puts this before the real mapping_append, whose text it
 * repeats as often as the event's `items` says.
 */
#include "weather/weather.h"

#include <stdlib.h>
#include <string.h>

#include "event/mapping/mapping.h"

int __real_mapping_append(const struct mapping_options *o, const struct mapping_input *in,
    struct buf *to, struct mapped *ret_mapped, const char **ret_reason);
int __wrap_mapping_append(const struct mapping_options *o, const struct mapping_input *in,
    struct buf *to, struct mapped *ret_mapped, const char **ret_reason);

static unsigned
items_of(struct slice body)
{
	static const char mark[] = "\"items\":";
	const char *p = memmem(body.p, body.n, mark, sizeof(mark) - 1);

	return p == NULL ? 1 : (unsigned)(p[sizeof(mark) - 1] - '0');
}

int
__wrap_mapping_append(const struct mapping_options *o, const struct mapping_input *in,
    struct buf *to, struct mapped *ret_mapped, const char **ret_reason)
{
	size_t before = to->n, n;

	if (__real_mapping_append(o, in, to, ret_mapped, ret_reason) != 0)
		return -1;
	n = to->n - before;
	ret_mapped->items = items_of(in->body);
	for (unsigned i = 1; i < ret_mapped->items; i++) {
		if (buf_reserve(to, n + 1) == NULL)
			abort();
		buf_append_byte(to, ',');
		buf_append(to, to->p + before, n);
	}
	return 0;
}
