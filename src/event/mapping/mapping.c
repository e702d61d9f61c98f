/*
 * Turns one stored event into what Bento gets. The event's bytes are read again with the strict
 * reader, and forwarded values are copied unchanged. Fails with a reason when the event can never
 * be sent, and without one when memory runs out.
 */
#include "event/mapping/mapping_private.h"

#include <string.h>
#include <strings.h>

#include "base/isotime.h"
#include "event/bento/acts.h"
#include "event/bento/details.h"
#include "event/json/json.h"
#include "event/mapping/admit.h"
#include "event/mapping/mapping_bento_api.h"
#include "event/mapping/mapping_forward.h"
#include "event/mapping/name.h"
#include "event/mapping/traits.h"
#include "event/segment/fields.h"
#include "event/segment/person.h"
#include "event/segment/segment.h"

/* Finds the names, which belong to the owner of the address. When the event goes to another address
 * than its own, somebody changed the address, and the names could be another person's. */
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

/* The batch's context describes the same person, with less priority than the event's own
 * context. */
static int
read_batch_context(struct slice context, struct person_place *ret_traits, bool *ret_older)
{
	struct json_value value;
	struct json j;

	if (context.p == NULL)
		return 0;
	json_init(&j, context, JSON_MAX_DEPTH);
	return event_context_read(&j, ret_traits, &value, ret_older) == 0 ? json_finish(&j) : -1;
}

/* Returns false when the value is neither an object nor empty. PHP writes [] for an empty
 * object. */
static bool
take_object(const struct json_value *value, struct slice *ret_raw)
{
	if (value->type == JSON_OBJECT)
		*ret_raw = value->raw;
	return value->type == JSON_OBJECT || event_says_nothing(value);
}

/* *ret_reason stays NULL when memory runs out. */
static int
find(const struct mapping_input *in, struct found *ret, const char **ret_reason)
{
	bool of_person = in->kind == KIND_IDENTIFY || in->kind == KIND_GROUP;
	enum event_key what = of_person ? KEY_TRAITS : KEY_PROPERTIES;
	bool older_context = false;
	struct event_fields f;
	struct json j;

	json_init(&j, in->body, JSON_MAX_DEPTH);
	if (event_fields_read(&j, &f) != 0 || json_finish(&j) != 0
	    || read_batch_context(
		   in->context, &f.sources.place[PERSON_BATCH_TRAITS], &older_context)
		   != 0) {
		*ret_reason = "body_not_json";
		return -1;
	}
	if (!take_object(&f.value[what], &ret->properties)) {
		*ret_reason = what == KEY_TRAITS ? "traits_not_object" : "properties_not_object";
		return -1;
	}
	ret->unique = of_person ? details_unique(ret->properties) : f.unique;
	ret->integrations = (struct integrations){
		.own = f.value[KEY_INTEGRATIONS].raw,
		.batch = in->batch_integrations,
		.older_body = f.older ? in->body : SLICE_NONE,
		.older_context = older_context ? in->context : SLICE_NONE,
	};
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

static const char *
find_missing(const struct mapping_options *o, const struct mapping_input *in)
{
	const char *reason;

	if (in->body.p == NULL)
		return "body_removed";
	reason = name_fault(o, in);
	if (reason != NULL)
		return reason;
	if (event_is_blank(in->email))
		return segment_no_email;
	return NULL;
}

/* Whether the pattern of its kind gives the event a reserved type: a page named "$unsubscribe" must
 * not make Bento act. */
static bool
poses_as_reserved(const struct mapping_options *o, const struct mapping_input *in)
{
	struct buf type;
	bool reserved;

	if (name_pattern(o, in->kind) == NULL)
		return false;
	buf_init(&type, in->name.n + MAPPING_NAME_SIZE);
	name_compose(o, in, &type);
	reserved = act_is(ACT_TYPE, buf_slice(&type));
	buf_free(&type);
	return reserved;
}

/* Finds the old address (raw) in an alias call. Returns false when there is no valid address. */
static bool
find_old_address(const struct mapping_input *in, struct slice *ret_raw)
{
	struct json_value old = event_find_member(in->body, "previousId");
	struct buf scratch;
	struct slice text;
	bool good;

	if (old.type == JSON_NONE) /* the name that older clients use */
		old = event_find_member(in->body, "from");
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

/* Returns why the site does not forward the event, or NULL. The event was checked at receipt, but a
 * requeue or changed settings can bring one here that must not be sent. */
static const char *
find_refusal(const struct mapping_options *o, const struct mapping_input *in, struct found *found)
{
	const struct admit_facts facts = {
		.kind = in->kind,
		.name = in->name,
		.browser = in->browser,
		.integrations = found->integrations,
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
		reason = details_fault(in->name, found->properties);
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

	if (name_pattern(o, in->kind) == NULL) {
		json_string_append(to, name.n > 0 ? name : in->name);
		return;
	}
	buf_init(&type, in->name.n + MAPPING_NAME_SIZE);
	name_compose(o, in, &type);
	json_string_append(to, buf_slice(&type));
	to->failed = to->failed || type.failed;
	buf_free(&type);
}

static void
append_details(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct buf *to)
{
	size_t before = to->n;
	bool replace = false;
	struct slice key;
	struct buf other;

	buf_init(&other, in->message_id.n + MAPPING_KEY_SUFFIX_MAX);
	key = mapping_key(o, in, &other);
	if (key.p != NULL && found->rule != NULL && found->rule->purchase)
		key = mapping_key_beside_purchase(in, found, key, &other, &replace);
	buf_append_literal(to, ",\"details\":");
	if (!details_append(in->name, found->properties, &found->unique, key, replace, to))
		buf_truncate(to, before);
	to->failed = to->failed || other.failed;
	buf_free(&other);
}

void
mapping_append_event(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct slice name, struct buf *to)
{
	buf_append_literal(to, "{\"type\":");
	append_type(o, in, name, to);
	buf_append_literal(to, ",\"email\":");
	json_string_append(to, in->email);
	mapping_append_names(found, to);
	append_details(o, in, found, to);
	if (o->send_date)
		mapping_append_date(in->occurred_at, to);
	buf_append_byte(to, '}');
}

/* Writes the traits of an identify call as the subscriber's fields. */
static void
append_update(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct buf *to)
{
	const struct json_value none = { .type = JSON_NONE };
	struct slice key;
	struct buf other;
	const struct traits_options traits = {
		.omit_arrays = o->omit_arrays,
		.allow_acts = admit_acts_by_field(o, in->browser),
		.names = &o->fields,
	};

	buf_append_literal(to, "{\"type\":\"$update_fields\",\"email\":");
	json_string_append(to, in->email);
	buf_append_literal(to, ",\"fields\":{");
	traits_append(found->properties, &traits, true, to);
	buf_append_byte(to, '}');
	buf_init(&other, in->message_id.n + MAPPING_KEY_SUFFIX_MAX);
	key = mapping_key(o, in, &other);
	if (key.p != NULL) {
		buf_append_literal(to, ",\"details\":");
		details_append(SLICE_NONE, SLICE_NONE, &none, key, false, to);
	}
	to->failed = to->failed || other.failed;
	buf_free(&other);
	if (o->send_date)
		mapping_append_date(in->occurred_at, to);
	buf_append_byte(to, '}');
}

static void
append_subscriber(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct buf *to)
{
	const struct traits_options traits = {
		.omit_arrays = o->omit_arrays,
		.allow_acts = admit_acts_by_field(o, in->browser),
		.names = &o->fields,
	};

	buf_append_literal(to, "{\"email\":");
	json_string_append(to, in->email);
	traits_append(found->properties, &traits, false, to);
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

/* Reads the event. Returns 0 when it can be sent, else -1 with the reason in *ret_reason, which is
 * NULL when memory ran out. */
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
	struct found found = { .rule = NULL };
	struct mapped mapped;
	size_t before = to->n;

	if (o->forward)
		return mapping_forward_append(in, to, ret_mapped, ret_reason);
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
