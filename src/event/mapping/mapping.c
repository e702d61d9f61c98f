/*
 * The event's bytes are read once more with the strict reader; what is forwarded of them is copied
 * as it stands.
 */
#include "event/mapping/mapping_private.h"

#include <string.h>
#include <strings.h>

#include "base/isotime.h"
#include "event/bento/reserved.h"
#include "event/json/json.h"
#include "event/mapping/admit.h"
#include "event/mapping/mapping_bento_api.h"
#include "event/mapping/traits.h"
#include "event/segment/fields.h"
#include "event/segment/person.h"

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

/* False when it is neither an object nor nothing. */
static bool
take_object(const struct json_value *value, struct slice *ret_raw)
{
	if (value->type == JSON_OBJECT)
		*ret_raw = value->raw;
	return value->type == JSON_OBJECT || value->type == JSON_NULL || value->type == JSON_NONE;
}

/* *ret_reason stays NULL when memory ran out. */
static int
find(const struct mapping_input *in, struct found *ret, const char **ret_reason)
{
	bool of_person = in->kind == KIND_IDENTIFY || in->kind == KIND_GROUP;
	enum event_key what = of_person ? KEY_TRAITS : KEY_PROPERTIES;
	struct event_fields f;
	struct json j;

	json_init(&j, in->body, JSON_MAX_DEPTH);
	if (event_fields_read(&j, &f) != 0 || json_finish(&j) != 0
	    || read_batch_context(in->context, &f.sources.place[PERSON_BATCH_TRAITS]) != 0) {
		*ret_reason = "body_not_json";
		return -1;
	}
	if (!take_object(&f.value[what], &ret->properties)) {
		*ret_reason = what == KEY_TRAITS ? "traits_not_object" : "properties_not_object";
		return -1;
	}
	ret->has_unique = what == KEY_PROPERTIES && ret->properties.p != NULL && f.has_unique;
	ret->integrations = f.value[KEY_INTEGRATIONS].raw;
	return find_names(in, &f.sources, ret);
}

void
mapping_append_names(const struct found *found, struct buf *to)
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

void
mapping_append_date(int64_t occurred_at, struct buf *to)
{
	char date[ISOTIME_SIZE];

	isotime_format(occurred_at, date);
	buf_append_literal(to, ",\"date\":\"");
	buf_append(to, date, ISOTIME_SIZE - 1);
	buf_append_byte(to, '"');
}

const char mapping_not_forwarded[] = "unsupported_event_type";
const char mapping_not_for_us[] = "integrations";
const char mapping_reserved_type[] = "reserved_type";
const char mapping_dropped[] = "rule";

/* The name that the kind is forwarded by; NULL: its own. */
static const char *
pattern_of(const struct mapping_options *o, enum event_kind kind)
{
	if (kind == KIND_PAGE)
		return o->page;
	if (kind == KIND_SCREEN)
		return o->screen;
	return kind == KIND_GROUP ? o->group : NULL;
}

static bool
needs_name(const struct mapping_options *o, enum event_kind kind)
{
	const char *pattern = pattern_of(o, kind);

	if (kind == KIND_IDENTIFY || kind == KIND_ALIAS)
		return false;
	return pattern == NULL || strstr(pattern, "{name}") != NULL;
}

static const char *
find_missing(const struct mapping_options *o, const struct mapping_input *in)
{
	if (in->body.p == NULL)
		return "body_removed";
	if (needs_name(o, in->kind) && event_is_blank(in->name))
		return "event_not_defined";
	if (event_is_blank(in->email))
		return "no_email";
	return NULL;
}

/* The name by the pattern. */
static void
compose_type(const struct mapping_options *o, const struct mapping_input *in, struct buf *to)
{
	const char *pattern = pattern_of(o, in->kind), *hole = strstr(pattern, "{name}");

	buf_append(to, pattern, hole == NULL ? strlen(pattern) : (size_t)(hole - pattern));
	if (hole == NULL)
		return;
	buf_append_slice(to, in->name);
	buf_append_slice(to, slice_from(hole + strlen("{name}")));
}

/* A page named "$unsubscribe" must not become an act of Bento's. */
static bool
poses_as_reserved(const struct mapping_options *o, const struct mapping_input *in)
{
	struct buf type;
	bool reserved;

	if (pattern_of(o, in->kind) == NULL)
		return false;
	buf_init(&type, in->name.n + MAPPING_NAME_SIZE);
	compose_type(o, in, &type);
	reserved = reserved_is(buf_slice(&type));
	buf_free(&type);
	return reserved;
}

/* Whose address changes; raw. False when it is not an address. */
static bool
find_old_address(const struct mapping_input *in, struct slice *ret_raw)
{
	struct json_value old = event_find_member(in->body, "previousId");
	struct buf scratch;
	struct slice text;
	bool good;

	if (old.type != JSON_STRING)
		return false;
	buf_init(&scratch, old.raw.n);
	good = json_string_decode(old.raw, &scratch, &text) == 0 && person_email_is_valid(text);
	buf_free(&scratch);
	*ret_raw = old.raw;
	return good;
}

static bool
goes_by_its_name(const struct rule *rule)
{
	return rule == NULL || (rule->rename.n == 0 && (!rule->purchase || rule->also));
}

/* Also after a requeue, and under other settings than at its receipt. */
static const char *
find_refusal(const struct mapping_options *o, const struct mapping_input *in, struct found *found)
{
	const struct admit_facts facts = {
		.kind = in->kind,
		.name = in->name,
		.browser = in->browser,
		.integrations = found->integrations,
		.batch_integrations = in->batch_integrations,
	};
	const char *reason = admit_event(o, &facts);
	struct slice old;

	if (reason == NULL && poses_as_reserved(o, in))
		reason = mapping_reserved_type;
	if (reason == NULL && in->kind == KIND_ALIAS && !find_old_address(in, &old))
		return "previous_id_no_address";
	if (reason != NULL || in->kind != KIND_TRACK)
		return reason;
	found->rule = rules_find(&o->rules, in->name);
	if (found->rule != NULL && found->rule->purchase)
		reason = purchase_read(found->rule, found->properties, &found->purchase);
	if (reason == NULL && goes_by_its_name(found->rule))
		reason = reserved_fault(in->name, found->properties);
	return reason;
}

static bool
is_bento_api(const struct mapping_input *in)
{
	return in->kind == KIND_BENTO || in->kind == KIND_SUBSCRIBER;
}

static void
append_type(const struct mapping_options *o, const struct mapping_input *in, struct slice name,
    struct buf *to)
{
	struct buf type;

	if (pattern_of(o, in->kind) == NULL) {
		json_string_append(to, name.n > 0 ? name : in->name);
		return;
	}
	buf_init(&type, in->name.n + MAPPING_NAME_SIZE);
	compose_type(o, in, &type);
	json_string_append(to, buf_slice(&type));
	to->failed = to->failed || type.failed;
	buf_free(&type);
}

void
mapping_append_event(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct slice name, struct buf *to)
{
	bool add_unique = o->unique_key && !found->has_unique && in->message_id.n > 0;

	buf_append_literal(to, "{\"type\":");
	append_type(o, in, name, to);
	buf_append_literal(to, ",\"email\":");
	json_string_append(to, in->email);
	mapping_append_names(found, to);
	append_details(found, add_unique ? in->message_id : SLICE_NONE, to);
	if (o->send_date)
		mapping_append_date(in->occurred_at, to);
	buf_append_byte(to, '}');
}

/* An identify's traits are the subscriber's fields. */
static void
append_update(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct buf *to)
{
	const struct found none = { .has_unique = false };

	buf_append_literal(to, "{\"type\":\"$update_fields\",\"email\":");
	json_string_append(to, in->email);
	buf_append_literal(to, ",\"fields\":{");
	traits_append(found->properties, !o->omit_arrays, &o->fields, true, to);
	buf_append_byte(to, '}');
	append_details(&none, o->unique_key ? in->message_id : SLICE_NONE, to);
	if (o->send_date)
		mapping_append_date(in->occurred_at, to);
	buf_append_byte(to, '}');
}

static void
append_subscriber(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct buf *to)
{
	buf_append_literal(to, "{\"email\":");
	json_string_append(to, in->email);
	traits_append(found->properties, !o->omit_arrays, &o->fields, false, to);
	buf_append_byte(to, '}');
}

static void
append_change_email(const struct mapping_input *in, struct buf *to)
{
	struct slice old = SLICE_NONE;

	find_old_address(in, &old);
	buf_append_literal(to, "{\"command\":\"change_email\",\"email\":");
	buf_append_slice(to, old);
	buf_append_literal(to, ",\"query\":");
	json_string_append(to, in->email);
	buf_append_byte(to, '}');
}

static struct mapped
append_mapped(const struct mapping_options *o, const struct mapping_input *in, struct found *found,
    struct buf *to)
{
	struct mapped mapped = { .endpoint = BENTO_EVENTS, .items = 1 };

	if (in->kind == KIND_ALIAS) {
		append_change_email(in, to);
		mapped.endpoint = BENTO_COMMANDS;
		return mapped;
	}
	if (in->kind != KIND_IDENTIFY) {
		if (found->rule != NULL)
			mapped.items = mapping_append_by_rule(o, in, found, to);
		else
			mapping_append_event(o, in, found, SLICE_NONE, to);
		return mapped;
	}
	if (found->properties.p == NULL)
		found->properties = SLICE("{}");
	if (o->identify == MAPPING_IDENTIFY_SUBSCRIBERS) {
		append_subscriber(o, in, found, to);
		mapped.endpoint = BENTO_SUBSCRIBERS;
	} else {
		append_update(o, in, found, to);
	}
	return mapped;
}

/* Why it cannot be sent, with what was found in it; NULL, also when memory ran out: rc says. */
static int
examine(const struct mapping_options *o, const struct mapping_input *in, struct found *found,
    const char **ret_reason)
{
	const struct admit_facts by_kind = {
		.kind = in->kind, .name = in->name, .browser = in->browser
	};

	*ret_reason = admit_event(o, &by_kind);
	if (*ret_reason == NULL)
		*ret_reason = find_missing(o, in);
	if (*ret_reason != NULL || find(in, found, ret_reason) != 0)
		return -1;
	*ret_reason = find_refusal(o, in, found);
	return *ret_reason == NULL ? 0 : -1;
}

int
mapping_append(const struct mapping_options *o, const struct mapping_input *in, struct buf *to,
    struct mapped *ret_mapped, const char **ret_reason)
{
	struct found found = { .has_unique = false };
	struct mapped mapped;
	size_t before = to->n;

	if (is_bento_api(in))
		return mapping_bento_api_append(o, in, to, ret_mapped, ret_reason);
	if (examine(o, in, &found, ret_reason) != 0)
		return -1;
	mapped = append_mapped(o, in, &found, to);
	if (to->failed) {
		buf_truncate(to, before);
		return -1;
	}
	*ret_mapped = mapped;
	return 0;
}

enum event_status
mapping_status(const char *reason)
{
	if (strcmp(reason, mapping_not_forwarded) == 0)
		return STATUS_UNSUPPORTED;
	if (strcmp(reason, mapping_not_for_us) == 0 || strcmp(reason, mapping_reserved_type) == 0
	    || strcmp(reason, mapping_dropped) == 0)
		return STATUS_DISCARDED;
	return STATUS_INVALID;
}

/* The event's own key, or ours. */
static bool
event_has_key(const struct mapping_options *o, const struct mapping_input *in)
{
	struct json_value value;

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

/* Every item needs one: an order has its own, a tag has ours. */
static bool
rule_has_keys(
    const struct mapping_options *o, const struct mapping_input *in, const struct rule *rule)
{
	bool event = !rule->purchase || rule->also,
	     tags = rule->tag.n > 0 || rule->remove_tag.n > 0;

	return (!event || event_has_key(o, in))
	       && (!tags || (o->unique_key && in->message_id.n > 0));
}

bool
mapping_has_key(const struct mapping_options *o, const struct mapping_input *in)
{
	const struct rule *rule = in->kind == KIND_TRACK ? rules_find(&o->rules, in->name) : NULL;

	if (is_bento_api(in))
		return mapping_bento_api_has_key(o, in);
	/* To write a subscriber's fields or address twice changes nothing. */
	if (in->kind == KIND_ALIAS)
		return true;
	if (in->kind == KIND_IDENTIFY)
		return o->identify == MAPPING_IDENTIFY_SUBSCRIBERS
		       || (o->unique_key && in->message_id.n > 0);
	if (in->kind == KIND_GROUP)
		return o->unique_key && in->message_id.n > 0;
	return rule != NULL ? rule_has_keys(o, in, rule) : event_has_key(o, in);
}
