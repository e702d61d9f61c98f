/*
 * Reads one event or subscriber in Bento's own format as raw values, and finds what Bento would
 * refuse or silently drop. Reading fails only on text that is not JSON of the expected structure.
 */
#include "event/bento/bento_api.h"

#include <string.h>

#include "base/isotime.h"
#include "event/bento/details.h"
#include "event/json/json.h"
#include "event/segment/fields.h"
#include "event/segment/person.h"
#include "event/segment/segment.h"

/* ---- reading ---------------------------------------------------------------------------- */

static bool
is_container(const struct json_value *value)
{
	return value->type == JSON_OBJECT || value->type == JSON_ARRAY;
}

static bool
is_absent(const struct json_value *value)
{
	return value->type == JSON_NONE || value->type == JSON_NULL;
}

/* Consumes an object. Returns 1 when one of its members is an object or array, 0 when none is, -1
 * on an error. */
static int
read_flat(struct json *j, struct json_value *ret_value, bool *ret_nested)
{
	struct json_value value;
	const char *start;
	struct slice key;
	int more;

	*ret_nested = false;
	if (json_peek(j) != JSON_OBJECT)
		return json_skip(j, ret_value);
	start = j->p;
	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &key)) > 0) {
		if (json_skip(j, &value) != 0)
			return -1;
		*ret_nested = *ret_nested || is_container(&value);
	}
	*ret_value = (struct json_value){ JSON_OBJECT, { start, (size_t)(j->p - start) } };
	return more;
}

bool
bento_api_has_comma(const struct json_value *value)
{
	struct buf scratch;
	struct slice text;
	bool has;

	if (value->type != JSON_STRING)
		return false;
	buf_init(&scratch, value->raw.n);
	has = json_string_decode(value->raw, &scratch, &text) != 0
	      || memchr(text.p, ',', text.n) != NULL;
	buf_free(&scratch);
	return has;
}

static bool
is_number(struct slice raw_key)
{
	struct buf scratch;
	struct slice key;
	bool number;

	buf_init(&scratch, raw_key.n);
	number = json_string_decode(raw_key, &scratch, &key) == 0 && key.n > 0;
	for (size_t i = 0; number && i < key.n; i++)
		number = key.p[i] >= '0' && key.p[i] <= '9';
	buf_free(&scratch);
	return number;
}

bool
bento_api_is_tag_list(struct slice raw_key, const struct json_value *value)
{
	struct json_value item;
	struct slice key;
	struct json j;
	int more;

	if (value->type != JSON_OBJECT
	    || (!json_string_is(raw_key, "tags") && !json_string_is(raw_key, "remove_tags")))
		return false;
	json_init(&j, value->raw, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return false;
	while ((more = json_object_next(&j, &key)) > 0)
		if (json_skip(&j, &item) != 0 || is_container(&item) || bento_api_has_comma(&item)
		    || !is_number(key))
			return false;
	return more == 0;
}

static int
read_member(struct json *j, struct slice key, struct bento_api_fields *f)
{
	struct json_value value;

	if (json_string_is(key, "fields"))
		return read_flat(j, &f->fields, &f->fields_nested);
	if (json_skip(j, &value) != 0)
		return -1;
	f->nested = f->nested || (value.type == JSON_OBJECT && !bento_api_is_tag_list(key, &value));
	if (json_string_is(key, "type"))
		f->type = value;
	else if (json_string_is(key, "email"))
		f->email = value;
	else if (json_string_is(key, "date"))
		f->date = value;
	else if (json_string_is(key, "details"))
		f->details = value;
	return 0;
}

int
bento_api_read(struct json *j, struct bento_api_fields *ret_fields)
{
	struct bento_api_fields *f = ret_fields;
	const char *start;
	struct slice key;
	int more;

	*f = (struct bento_api_fields){ 0 };
	json_peek(j);
	start = j->p;
	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &key)) > 0)
		if (read_member(j, key, f) != 0)
			return -1;
	f->body = (struct slice){ start, (size_t)(j->p - start) };
	if (more == 0 && f->details.type == JSON_OBJECT)
		f->unique = event_find_member(f->details.raw, "unique");
	return more;
}

/* ---- checking ---------------------------------------------------------------------------- */

struct slice
bento_api_object(const struct json_value *value)
{
	return value->type == JSON_OBJECT ? value->raw : SLICE_NONE;
}

bool
bento_api_date_is_plain(const struct json_value *date, int64_t occurred_at)
{
	struct slice text;
	struct buf scratch;
	int64_t ms;
	bool plain;

	if (date->type != JSON_STRING)
		return false;
	buf_init(&scratch, date->raw.n);
	plain = json_string_decode(date->raw, &scratch, &text) == 0 && isotime_parse(text, &ms) == 0
		&& ms == occurred_at;
	buf_free(&scratch);
	return plain;
}

static const char *
find_type_fault(const struct bento_api_fields *f, struct slice name)
{
	if (!is_absent(&f->type) && f->type.type != JSON_STRING)
		return "event_not_string";
	return event_is_blank(name) ? "event_not_defined" : NULL;
}

static const char *
find_details_fault(const struct bento_api_fields *f)
{
	return f->details.type == JSON_OBJECT || event_says_nothing(&f->details)
		   ? NULL
		   : "details_not_object";
}

static const char *
find_event_fault(const struct bento_api_fields *f, struct slice name)
{
	const char *reason = find_type_fault(f, name);

	if (reason != NULL)
		return reason;
	if (f->fields.type != JSON_OBJECT && !event_says_nothing(&f->fields))
		return "fields_not_object";
	if (f->fields_nested)
		return "fields_not_flat";
	reason = find_details_fault(f);
	return reason != NULL ? reason : details_fault(name, bento_api_object(&f->details));
}

const char *
bento_api_fault(
    enum event_kind kind, const struct bento_api_fields *f, struct slice name, struct slice email)
{
	if (event_is_blank(email))
		return is_absent(&f->email) || json_string_is(f->email.raw, "")
			   ? segment_no_email
			   : segment_invalid_email;
	if (kind == KIND_BENTO)
		return find_event_fault(f, name);
	return f->nested || f->fields.type == JSON_OBJECT ? "fields_not_flat" : NULL;
}
