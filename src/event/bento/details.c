/*
 * Writes the details of Bento's events. It copies the received bytes and replaces at most two
 * values, `unique` and the amount of a purchase. Only a full buffer makes it fail.
 */
#include "event/bento/details.h"

#include <string.h>

#include "event/segment/fields.h"
#include "event/segment/nobody.h"

static struct json_value
find_in(const struct json_value *object, const char *name)
{
	if (object->type != JSON_OBJECT)
		return (struct json_value){ .type = JSON_NONE };
	return event_find_member(object->raw, name);
}

static bool
is_text(const struct json_value *value)
{
	return value->type == JSON_STRING && !event_string_is_blank(value->raw);
}

bool
details_unique_is_usable(const struct json_value *unique)
{
	struct json_value key = find_in(unique, "key");

	return value_is_key(&key);
}

static struct json_value
object_of(struct slice details)
{
	return (struct json_value){ details.n > 0 && details.p[0] == '{' ? JSON_OBJECT : JSON_NONE,
		details };
}

struct json_value
details_unique(struct slice details)
{
	struct json_value object = object_of(details);

	return find_in(&object, "unique");
}

struct json_value
details_unique_key(struct slice details)
{
	struct json_value unique = details_unique(details);
	struct json_value key = find_in(&unique, "key");

	return value_is_key(&key) ? key : (struct json_value){ .type = JSON_NONE };
}

/* ---- what details must hold --------------------------------------------------------------- */

/* Whether a number is whole: digits, with an optional sign and an optional fraction of zeros. PHP
 * and Python print a whole float with such a fraction. */
static bool
is_whole(const struct json_value *value, size_t *ret_n)
{
	const char *p = value->raw.p, *end, *point;

	if (value->type != JSON_NUMBER || memchr(p, 'e', value->raw.n) != NULL
	    || memchr(p, 'E', value->raw.n) != NULL)
		return false;
	end = p + value->raw.n;
	point = memchr(p, '.', value->raw.n);
	*ret_n = point == NULL ? value->raw.n : (size_t)(point - p);
	for (const char *c = point == NULL ? end : point + 1; c < end; c++)
		if (*c != '0')
			return false;
	return true;
}

/* Bento answers 200 to a plain number as `value` and drops the event: `value` must be an object. */
static const char *
find_purchase_fault(const struct json_value *details)
{
	struct json_value unique = find_in(details, "unique"), value = find_in(details, "value");
	struct json_value currency = find_in(&value, "currency"),
			  amount = find_in(&value, "amount");
	size_t n;

	if (!details_unique_is_usable(&unique))
		return "purchase_key_missing";
	return is_text(&currency) && is_whole(&amount, &n) ? NULL : "purchase_value_invalid";
}

const char *
details_fault(struct slice type, struct slice details)
{
	struct json_value object = object_of(details), tag;

	if (SLICE_IS(type, "$purchase"))
		return find_purchase_fault(&object);
	if (!SLICE_IS(type, "$tag") && !SLICE_IS(type, "$remove_tag"))
		return NULL;
	tag = find_in(&object, "tag");
	return is_text(&tag) ? NULL : "tag_missing";
}

/* ---- writing ---------------------------------------------------------------------------- */

/* A part of the details that is replaced. */
struct edit {
	struct slice at;
	struct slice by;
};

static void
append_unique(struct slice key, const struct json_value *other, struct buf *to)
{
	buf_append_literal(to, "{\"key\":");
	json_string_append(to, key);
	if (other != NULL && other->type != JSON_NULL && !json_is_empty(other)) {
		buf_append_literal(to, ",\"value\":");
		buf_append_slice(to, other->raw);
	}
	buf_append_byte(to, '}');
}

/* Removes a fraction of zeros from the amount; n is 0 when there is none. */
static struct edit
find_amount(struct slice type, const struct json_value *details)
{
	struct json_value value, amount;
	size_t n;

	if (!SLICE_IS(type, "$purchase"))
		return (struct edit){ 0 };
	value = find_in(details, "value");
	amount = find_in(&value, "amount");
	if (amount.type != JSON_NUMBER || !is_whole(&amount, &n) || n == amount.raw.n)
		return (struct edit){ 0 };
	return (struct edit){ amount.raw, { amount.raw.p, n } };
}

static void
copy_edited(struct slice text, struct edit first, struct edit second, struct buf *to)
{
	const char *at = text.p;

	if (second.at.n > 0 && (first.at.n == 0 || second.at.p < first.at.p)) {
		copy_edited(text, second, first, to);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		const struct edit *edit = i == 0 ? &first : &second;

		if (edit->at.n == 0)
			continue;
		buf_append(to, at, (size_t)(edit->at.p - at));
		buf_append_slice(to, edit->by);
		at = edit->at.p + edit->at.n;
	}
	buf_append(to, at, (size_t)(text.p + text.n - at));
}

static void
append_member(const struct json_value *details, struct slice unique, struct buf *to)
{
	struct slice inside = { details->raw.p + 1, details->raw.n - 2 };

	buf_append(to, details->raw.p, details->raw.n - 1);
	if (!event_is_blank(inside))
		buf_append_byte(to, ',');
	buf_append_literal(to, "\"unique\":");
	buf_append_slice(to, unique);
	buf_append_byte(to, '}');
}

bool
details_append(struct slice type, struct slice details, const struct json_value *unique,
    struct slice key, bool replace, struct buf *to)
{
	struct json_value object = object_of(details);
	struct edit by_unique = { 0 };
	struct buf text;

	if (object.type == JSON_NONE && key.p == NULL)
		return false;
	if (object.type == JSON_NONE)
		object.raw = SLICE("{}");
	if (key.p == NULL || (!replace && details_unique_is_usable(unique))) {
		copy_edited(object.raw, find_amount(type, &object), by_unique, to);
		return true;
	}
	buf_init(&text, 6 * key.n + unique->raw.n + 64);
	append_unique(key, unique->type == JSON_NONE ? NULL : unique, &text);
	if (unique->type == JSON_NONE) {
		append_member(&object, buf_slice(&text), to);
	} else {
		by_unique = (struct edit){ unique->raw, buf_slice(&text) };
		copy_edited(object.raw, find_amount(type, &object), by_unique, to);
	}
	to->failed = to->failed || text.failed;
	buf_free(&text);
	return true;
}
