/*
 * The event's bytes are read once more with the strict reader; what is forwarded of them is copied
 * as it stands.
 */
#include "event/mapping.h"

#include <string.h>
#include <strings.h>

#include "base/isotime.h"
#include "event/fields.h"
#include "event/json.h"
#include "event/native.h"
#include "event/person.h"

/* What the pass over the event found. */
struct found {
	struct slice properties; /* absent when there are none, or null */
	bool has_unique;
	struct slice first_name; /* raw */
	struct slice last_name;
};

/*
 * The names are those of whoever has the address. When the address that the event is delivered to
 * is not the one that it carries, somebody changed it: then the names could be another person's.
 */
static int
find_names(const struct mapping_input *in, const struct person_sources *sources, struct found *ret)
{
	struct person person;
	struct buf scratch;
	int rc;

	buf_init(&scratch, PERSON_SCRATCH_MAX);
	rc = person_find(sources, &scratch, &person);
	if (rc == 0
	    && (person.email.p == NULL
		|| (person.email.n == in->email.n
		    && strncasecmp(person.email.p, in->email.p, in->email.n) == 0))) {
		ret->first_name = person.first_name;
		ret->last_name = person.last_name;
	}
	buf_free(&scratch);
	return rc;
}

/* The batch's context describes the same person, after the event's own. */
static int
read_batch_context(struct slice context, struct person_place *ret_traits)
{
	struct json_value value;
	struct json j;

	if (context.p == NULL)
		return 0;
	json_init(&j, context, JSON_MAX_DEPTH);
	return event_context_read(&j, ret_traits, &value) == 0 ? json_finish(&j) : -1;
}

/* *ret_reason stays NULL when memory ran out. */
static int
find(const struct mapping_input *in, struct found *ret, const char **ret_reason)
{
	struct event_fields f;
	struct json_value *properties = &f.value[KEY_PROPERTIES];
	struct json j;

	json_init(&j, in->body, JSON_MAX_DEPTH);
	if (event_fields_read(&j, &f) != 0 || json_finish(&j) != 0
	    || read_batch_context(in->context, &f.sources.place[PERSON_BATCH_TRAITS]) != 0) {
		*ret_reason = "body_not_json";
		return -1;
	}
	if (properties->type == JSON_OBJECT) {
		ret->properties = properties->raw;
		ret->has_unique = f.has_unique;
	} else if (properties->type != JSON_NULL && properties->type != JSON_NONE) {
		*ret_reason = "properties_not_object";
		return -1;
	}
	return find_names(in, &f.sources, ret);
}

static void
append_names(const struct found *found, struct buf *to)
{
	if (found->first_name.p == NULL && found->last_name.p == NULL)
		return;
	buf_append_literal(to, ",\"fields\":{");
	if (found->first_name.p != NULL) {
		buf_append_literal(to, "\"first_name\":");
		buf_append_slice(to, found->first_name);
	}
	if (found->first_name.p != NULL && found->last_name.p != NULL)
		buf_append_byte(to, ',');
	if (found->last_name.p != NULL) {
		buf_append_literal(to, "\"last_name\":");
		buf_append_slice(to, found->last_name);
	}
	buf_append_byte(to, '}');
}

/* properties up to its closing brace, byte for byte, then what we add, then the brace. */
static void
append_details(const struct found *found, struct slice unique_key, struct buf *to)
{
	struct slice properties = found->properties.p == NULL ? SLICE("{}") : found->properties;

	if (found->properties.p == NULL && unique_key.p == NULL)
		return;
	buf_append_literal(to, ",\"details\":");
	buf_append(to, properties.p, properties.n - 1);
	if (unique_key.p != NULL) {
		struct slice inside = { properties.p + 1, properties.n - 2 };

		if (!event_is_blank(inside))
			buf_append_byte(to, ',');
		buf_append_literal(to, "\"unique\":{\"key\":");
		json_string_append(to, unique_key);
		buf_append_byte(to, '}');
	}
	buf_append_byte(to, '}');
}

static void
append_date(int64_t occurred_at, struct buf *to)
{
	char date[ISOTIME_SIZE];

	isotime_format(occurred_at, date);
	buf_append_literal(to, ",\"date\":\"");
	buf_append(to, date, ISOTIME_SIZE - 1);
	buf_append_byte(to, '"');
}

static const char not_forwarded[] = "unsupported_event_type";

static const char *
find_missing(const struct mapping_input *in)
{
	/* Also after a requeue: a page named "$unsubscribe" must not become an act of Bento's. */
	if (in->kind != KIND_TRACK)
		return not_forwarded;
	if (in->body.p == NULL)
		return "body_removed";
	if (event_is_blank(in->name))
		return "event_not_defined";
	if (event_is_blank(in->email))
		return "no_email";
	return NULL;
}

static bool
is_native(const struct mapping_input *in)
{
	return in->kind == KIND_BENTO || in->kind == KIND_SUBSCRIBER;
}

int
mapping_append(const struct mapping_options *o, const struct mapping_input *in, struct buf *to,
    struct mapped *ret_mapped, const char **ret_reason)
{
	struct found found = { 0 };
	bool add_unique;
	size_t before = to->n;

	if (is_native(in))
		return native_append(o, in, to, ret_mapped, ret_reason);
	*ret_reason = find_missing(in);
	if (*ret_reason != NULL || find(in, &found, ret_reason) != 0)
		return -1;
	add_unique = o->unique_key && !found.has_unique && in->message_id.n > 0;
	buf_append_literal(to, "{\"type\":");
	json_string_append(to, in->name);
	buf_append_literal(to, ",\"email\":");
	json_string_append(to, in->email);
	append_names(&found, to);
	append_details(&found, add_unique ? in->message_id : SLICE_NONE, to);
	if (o->send_date)
		append_date(in->occurred_at, to);
	buf_append_byte(to, '}');
	if (to->failed) {
		buf_truncate(to, before);
		return -1;
	}
	*ret_mapped = (struct mapped){ .endpoint = BENTO_EVENTS, .items = 1 };
	return 0;
}

enum event_status
mapping_status(const char *reason)
{
	return strcmp(reason, not_forwarded) == 0 ? STATUS_UNSUPPORTED : STATUS_INVALID;
}

bool
mapping_has_key(const struct mapping_options *o, const struct mapping_input *in)
{
	struct json_value value;

	if (is_native(in))
		return native_has_key(o, in);
	value = event_find_member(in->body, "properties");
	if (value.type == JSON_OBJECT)
		value = event_find_member(value.raw, "unique");
	else
		value.type = JSON_NONE;
	if (value.type == JSON_NONE)
		return o->unique_key && in->message_id.n > 0;
	if (value.type == JSON_OBJECT)
		value = event_find_member(value.raw, "key");
	else
		value.type = JSON_NONE;
	return value.type == JSON_NUMBER
	       || (value.type == JSON_STRING && !json_string_is(value.raw, ""));
}

static const char *
bool_name(bool b)
{
	return b ? "true" : "false";
}

void
mapping_describe(const struct mapping_options *o, struct buf *to)
{
	buf_printf(to, "{\"unique_key\":%s,\"send_date\":%s}", bool_name(o->unique_key),
	    bool_name(o->send_date));
}

static int
parse_option(struct json *j, bool *ret_value, unsigned *seen, unsigned bit)
{
	struct json_value value;

	if (json_skip(j, &value) != 0 || (value.type != JSON_TRUE && value.type != JSON_FALSE))
		return -1;
	*ret_value = value.type == JSON_TRUE;
	*seen |= bit;
	return 0;
}

int
mapping_parse(struct slice text, struct mapping_options *ret_o)
{
	struct mapping_options o;
	unsigned seen = 0;
	struct slice key;
	struct json j;
	int more, rc;

	json_init(&j, text, 1);
	if (json_object_begin(&j) != 0)
		return -1;
	while ((more = json_object_next(&j, &key)) > 0) {
		rc = -1;
		if (json_string_is(key, "unique_key"))
			rc = parse_option(&j, &o.unique_key, &seen, 1);
		else if (json_string_is(key, "send_date"))
			rc = parse_option(&j, &o.send_date, &seen, 2);
		if (rc != 0)
			return -1;
	}
	if (more < 0 || json_finish(&j) != 0 || seen != 3)
		return -1;
	*ret_o = o;
	return 0;
}
