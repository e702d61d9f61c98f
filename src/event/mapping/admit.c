/*
 * Decides which events a site forwards: by kind, by `integrations`, by rules, and by whether the
 * event may act on a subscriber. The first check that refuses gives the reason. Cannot fail.
 */
#include "event/mapping/admit.h"

#include "event/bento/acts.h"

static bool
is_forwarded(const struct mapping_options *o, enum event_kind kind)
{
	switch (kind) {
	case KIND_TRACK:
	case KIND_BENTO:
	case KIND_SUBSCRIBER:
		return true;
	case KIND_IDENTIFY:
		return o->identify != MAPPING_IDENTIFY_NONE;
	case KIND_PAGE:
		return o->page[0] != '\0';
	case KIND_SCREEN:
		return o->screen[0] != '\0';
	case KIND_GROUP:
		return o->group[0] != '\0';
	case KIND_ALIAS:
		return o->change_email;
	case KIND_DELETE:
	case KIND_UNKNOWN:
		break;
	}
	return false;
}

/* ---- reserved types -------------------------------------------------------------------------- */

/*
 * Whether the event may act on a subscriber, if it does. The operator wrote the rule that makes a
 * purchase, but a browser could invent the order; and it could invent the new address of an alias
 * call.
 */
static bool
may_act(const struct mapping_options *o, const struct admit_facts *f, const struct rule *rule)
{
	if (f->kind == KIND_ALIAS || (rule != NULL && rule->purchase))
		return !f->browser || o->reserved == MAPPING_RESERVED_PASS;
	if ((f->kind != KIND_TRACK && f->kind != KIND_BENTO) || !act_is(ACT_TYPE, f->name))
		return true;
	switch (o->reserved) {
	case MAPPING_RESERVED_SERVER:
		return !f->browser;
	case MAPPING_RESERVED_PASS:
		return true;
	case MAPPING_RESERVED_BLOCK:
		break;
	}
	return false;
}

bool
admit_acts_by_field(const struct mapping_options *o, bool browser)
{
	return !browser && o->reserved != MAPPING_RESERVED_BLOCK;
}

const char *
admit_event(const struct mapping_options *o, const struct admit_facts *f)
{
	const struct rule *rule = f->kind == KIND_TRACK ? rules_find(&o->rules, f->name) : NULL;

	if (!is_forwarded(o, f->kind))
		return mapping_not_forwarded;
	if (!integrations_allow(
		&f->integrations, o->integration[0] != '\0' ? o->integration : "Bento"))
		return mapping_not_for_us;
	if (rule != NULL && rule->drop)
		return mapping_dropped;
	return may_act(o, f, rule) ? NULL : mapping_reserved_type;
}
