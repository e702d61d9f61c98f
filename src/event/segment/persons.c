/* Reads the ids of a call. A body that is not a call has none. */
#include "event/segment/persons.h"

#include "event/segment/fields.h"

/* An id that is a number is the same as one that is a text of its digits. */
static struct slice
text_of(const struct json_value *value)
{
	if (value->type == JSON_NUMBER)
		return value->raw;
	if (value->type != JSON_STRING || value->raw.n <= 2)
		return SLICE_NONE;
	return (struct slice){ value->raw.p + 1, value->raw.n - 2 };
}

size_t
persons_find(struct slice body, struct slice ret_ids[PERSONS_MAX])
{
	static const enum event_key keys[PERSONS_MAX] = { KEY_USER_ID, KEY_ANONYMOUS_ID,
		KEY_PREVIOUS_ID };
	struct event_fields f;
	struct json j;
	size_t n = 0;

	json_init(&j, body, JSON_MAX_DEPTH);
	if (event_fields_read(&j, &f) != 0)
		return 0;
	for (size_t i = 0; i < PERSONS_MAX; i++) {
		ret_ids[n] = text_of(&f.value[keys[i]]);
		n += ret_ids[n].n > 0;
	}
	return n;
}
