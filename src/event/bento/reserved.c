/*
 * Bento's reserved types and the details that each of them needs. Two pure questions on raw JSON.
 */
#include "event/bento/reserved.h"

#include <string.h>

#include "event/json/json.h"
#include "event/segment/fields.h"

bool
reserved_is(struct slice type)
{
	static const char *const types[] = { "$purchase", "$subscribe", "$unsubscribe", "$tag",
		"$remove_tag", "$update_fields" };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (slice_equals(type, slice_from(types[i])))
			return true;
	return false;
}

static bool
is_text(const struct json_value *value)
{
	return value->type == JSON_STRING
	       && !event_is_blank((struct slice){ value->raw.p + 1, value->raw.n - 2 });
}

/* Digits, perhaps with a sign: a whole number that nobody can read as a fraction. */
static bool
is_integer(const struct json_value *value)
{
	return value->type == JSON_NUMBER && memchr(value->raw.p, '.', value->raw.n) == NULL
	       && memchr(value->raw.p, 'e', value->raw.n) == NULL
	       && memchr(value->raw.p, 'E', value->raw.n) == NULL;
}

static struct json_value
find_in(const struct json_value *object, const char *name)
{
	if (object->type != JSON_OBJECT)
		return (struct json_value){ .type = JSON_NONE };
	return event_find_member(object->raw, name);
}

/* A flat number as `value` is answered 200 and dropped. */
static const char *
find_purchase_fault(const struct json_value *details)
{
	struct json_value unique = find_in(details, "unique"), value = find_in(details, "value");
	struct json_value key = find_in(&unique, "key"), currency = find_in(&value, "currency"),
			  amount = find_in(&value, "amount");

	if (key.type != JSON_NUMBER && !is_text(&key))
		return "purchase_key_missing";
	return is_text(&currency) && is_integer(&amount) ? NULL : "purchase_value_invalid";
}

const char *
reserved_fault(struct slice type, struct slice details)
{
	struct json_value d = { details.p == NULL ? JSON_NONE : JSON_OBJECT, details }, tag;

	if (SLICE_IS(type, "$purchase"))
		return find_purchase_fault(&d);
	if (!SLICE_IS(type, "$tag") && !SLICE_IS(type, "$remove_tag"))
		return NULL;
	tag = find_in(&d, "tag");
	return is_text(&tag) ? NULL : "tag_missing";
}
