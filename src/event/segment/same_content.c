/*
 * Compares the bodies of two events member by member. It adds up the hashes of all members of each
 * body, so that their order does not matter and no memory is needed. A body that cannot be read
 * equals only itself.
 */
#include "event/segment/same_content.h"

#include <stddef.h>
#include <string.h>

#include "base/secret/siphash.h"
#include "event/json/json.h"

static bool
is_written_again(struct slice key)
{
	static const char *const keys[] = { "sentAt", "receivedAt", "_metadata", "writeKey" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (json_string_is(key, keys[i]))
			return true;
	return false;
}

/* Adds up the hashes of all members that count. Returns -1 when the body is not a valid object. */
static int
sum_members(struct slice body, uint64_t *ret_sum)
{
	static const struct siphash_key fixed = { 1, 2 };
	struct json_value value;
	struct slice key;
	struct json j;

	*ret_sum = 0;
	json_init(&j, body, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return -1;
	while (json_object_next(&j, &key) == 1) {
		if (json_skip(&j, &value) != 0)
			return -1;
		/* Key and value are adjacent: hash from the key to the end of the value. */
		if (!is_written_again(key))
			*ret_sum +=
			    siphash(&fixed, key.p, (size_t)(value.raw.p + value.raw.n - key.p));
	}
	return json_finish(&j);
}

bool
segment_same_content(struct slice a, struct slice b)
{
	uint64_t of_a, of_b;

	if (a.n == b.n && memcmp(a.p, b.p, a.n) == 0)
		return true;
	return sum_members(a, &of_a) == 0 && sum_members(b, &of_b) == 0 && of_a == of_b;
}
