/*
 * Walks over a Segment event once, and collects the values of the keys that matter and what
 * context, traits and properties say about the person. Fails only on text that is not JSON.
 */
#include "event/segment/fields.h"

/* Consumes traits, properties and similar values. A value that is not an object says nothing about
 * a person. ret_unique gets the member `unique` of the object. */
static int
read_place(struct json *j, struct person_place *place, struct json_value *ret,
    struct json_value *ret_unique)
{
	enum json_type type = json_peek(j);
	const char *start = j->p;
	struct json_value value;
	struct slice key;
	int more;

	*place = (struct person_place){ 0 };
	*ret_unique = (struct json_value){ .type = JSON_NONE };
	if (type != JSON_OBJECT)
		return json_skip(j, ret);
	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &key)) > 0) {
		enum event_key k = event_key(key);

		if (json_skip(j, &value) != 0)
			return -1;
		if (k == KEY_UNIQUE)
			*ret_unique = value;
		else if (k != KEY_OTHER)
			person_place_file(place, k, &value);
	}
	*ret = (struct json_value){ type, { start, (size_t)(j->p - start) } };
	return more;
}

int
event_context_read(struct json *j, struct person_place *ret_traits, struct json_value *ret_context,
    bool *ret_older)
{
	enum json_type type = json_peek(j);
	const char *start = j->p;
	struct json_value value, unique;
	struct slice key;
	int more;

	*ret_traits = (struct person_place){ 0 };
	if (type != JSON_OBJECT)
		return json_skip(j, ret_context);
	if (json_object_begin(j) != 0)
		return -1;
	while ((more = json_object_next(j, &key)) > 0) {
		enum event_key k = event_key(key);
		int rc = k == KEY_TRAITS ? read_place(j, ret_traits, &value, &unique)
					 : json_skip(j, &value);

		if (k == KEY_INTEGRATIONS || k == KEY_PROVIDERS || k == KEY_OPTIONS || k == KEY_ALL)
			*ret_older = true;
		if (rc != 0)
			return -1;
	}
	*ret_context = (struct json_value){ type, { start, (size_t)(j->p - start) } };
	return more;
}

static int
read_member(struct json *j, struct event_fields *f, enum event_key key)
{
	struct person_place *place = f->sources.place;
	struct json_value value;

	if (key == KEY_PROPERTIES)
		return read_place(j, &place[PERSON_PROPERTIES], &f->value[key], &f->unique);
	if (key == KEY_TRAITS)
		return read_place(j, &place[PERSON_TRAITS], &f->value[key], &value);
	if (key == KEY_CONTEXT)
		return event_context_read(
		    j, &place[PERSON_CONTEXT_TRAITS], &f->value[key], &f->older);
	if (json_skip(j, &value) != 0)
		return -1;
	if (key == KEY_OPTIONS || key == KEY_PROVIDERS)
		f->older = true;
	else if (key <= KEY_BATCH)
		f->value[key] = value;
	else
		person_place_file(&place[PERSON_TOP], key, &value);
	return 0;
}

int
event_fields_read(struct json *j, struct event_fields *ret_fields)
{
	struct event_fields *f = ret_fields;
	struct slice key;
	const char *start;
	int more;

	memset(f, 0, sizeof(*f));
	if (json_object_begin(j) != 0)
		return -1;
	start = j->p - 1;
	while ((more = json_object_next(j, &key)) > 0) {
		if (read_member(j, f, event_key(key)) != 0)
			return -1;
	}
	f->body = (struct slice){ start, (size_t)(j->p - start) };
	f->sources.user_id = f->value[KEY_USER_ID];
	return more;
}

bool
event_says_nothing(const struct json_value *value)
{
	return value->type == JSON_NONE || value->type == JSON_NULL || value->type == JSON_FALSE
	       || (value->type == JSON_STRING && value->raw.n == 2) || json_is_empty_array(value);
}

/* When a key occurs twice, its last value counts. */
struct json_value
event_find_member(struct slice object, const char *name)
{
	struct json_value found = { .type = JSON_NONE }, value;
	struct slice key;
	struct json j;

	json_init(&j, object, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return found;
	while (json_object_next(&j, &key) > 0) {
		if (json_skip(&j, &value) != 0)
			return (struct json_value){ .type = JSON_NONE };
		if (json_string_is(key, name))
			found = value;
	}
	return found;
}
