/*
 * Decides whether an event has a unique key when it is sent: its own, when usable, or the
 * program's. When all its events have keys, a batch can be sent again without duplicates at Bento.
 * In doubt the event counts as one without a key.
 */
#include "event/bento/details.h"
#include "event/mapping/mapping_bento_api.h"
#include "event/segment/fields.h"

static bool
has_ours(const struct mapping_options *o, const struct mapping_input *in)
{
	return o->unique_key && in->message_id.n > 0;
}

static bool
event_has_key(const struct mapping_options *o, const struct mapping_input *in)
{
	struct json_value properties;

	if (has_ours(o, in))
		return true;
	properties = event_find_member(in->body, "properties");
	return properties.type == JSON_OBJECT
	       && details_unique_key(properties.raw).type != JSON_NONE;
}

/* Every item needs a key: a purchase has its own, a tag gets the program's. */
static bool
rule_has_keys(
    const struct mapping_options *o, const struct mapping_input *in, const struct rule *rule)
{
	bool event = !rule->purchase || rule->also,
	     tags = rule->tag.n > 0 || rule->remove_tag.n > 0;

	return (!event || event_has_key(o, in)) && (!tags || has_ours(o, in));
}

bool
mapping_has_key(const struct mapping_options *o, const struct mapping_input *in)
{
	const struct rule *rule = in->kind == KIND_TRACK ? rules_find(&o->rules, in->name) : NULL;

	switch (in->kind) {
	case KIND_BENTO:
		return mapping_bento_api_has_key(o, in);
	/* Writing a subscriber's fields or address twice changes nothing. */
	case KIND_SUBSCRIBER:
	case KIND_ALIAS:
		return true;
	case KIND_IDENTIFY:
		return o->identify == MAPPING_IDENTIFY_SUBSCRIBERS || has_ours(o, in);
	case KIND_GROUP:
		return has_ours(o, in);
	case KIND_TRACK:
	case KIND_PAGE:
	case KIND_SCREEN:
	case KIND_DELETE:
	case KIND_UNKNOWN:
		break;
	}
	return rule != NULL ? rule_has_keys(o, in, rule) : event_has_key(o, in);
}
