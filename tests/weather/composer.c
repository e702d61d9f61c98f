/*
 * Composes events with several items: copies the text of the real composer once for each of the
 * event's `items`.
 */
#include "weather/weather.h"

#include <stdlib.h>
#include <string.h>

static unsigned
items_of(struct slice body)
{
	static const char mark[] = "\"items\":";
	const char *p = memmem(body.p, body.n, mark, sizeof(mark) - 1);

	return p == NULL ? 1 : (unsigned)(p[sizeof(mark) - 1] - '0');
}

static struct composed
compose(const struct mapping_options *o, const struct outbox_event *event, struct buf *to)
{
	size_t before = to->n, n;
	struct composed composed = composer_mapping.compose(o, event, to);

	if (composed.how != COMPOSED)
		return composed;
	n = to->n - before;
	composed.items = items_of(event->body);
	for (unsigned i = 1; i < composed.items; i++) {
		if (buf_reserve(to, n + 1) == NULL)
			abort();
		buf_append_byte(to, ',');
		buf_append(to, to->p + before, n);
	}
	return composed;
}

static bool
has_key(const struct mapping_options *o, const struct outbox_event *event)
{
	return composer_mapping.has_key(o, event);
}

const struct composer weather_composer = { .compose = compose, .has_key = has_key };
