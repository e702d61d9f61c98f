/*
 * Which events a site forwards: by kind, by `integrations`, by rules, and by what may act on a
 * subscriber. The first that refuses gives the reason. Never fails.
 */
#include "event/mapping/admit.h"

#include <string.h>

#include "event/bento/reserved.h"
#include "event/json/json.h"
#include "event/segment/fields.h"

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

/* ---- integrations ---------------------------------------------------------------------------- */

/* What is said of us, and of all: JSON_NONE where nothing is. The event's word goes before its
 * batch's. */
struct said {
	enum json_type ours;
	enum json_type all;
};

/* "Bento", or a function's "Bento (Workspace)". */
static bool
is_ours(struct slice raw_key, const char *name)
{
	char key[2 * MAPPING_NAME_SIZE];
	struct buf scratch;
	struct slice text;
	bool ours = false;
	size_t n = strlen(name);

	buf_init(&scratch, sizeof(key));
	if (json_string_decode(raw_key, &scratch, &text) == 0)
		ours = text.n >= n && memcmp(text.p, name, n) == 0
		       && (text.n == n
			   || (text.n > n + 2 && memcmp(text.p + n, " (", 2) == 0
			       && text.p[text.n - 1] == ')'));
	buf_free(&scratch);
	return ours;
}

static void
read_said(struct slice integrations, const char *name, struct said *said)
{
	struct json_value value;
	struct slice key;
	struct json j;

	if (integrations.n == 0 || integrations.p[0] != '{')
		return;
	json_init(&j, integrations, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return;
	while (json_object_next(&j, &key) > 0 && json_skip(&j, &value) == 0) {
		if (json_string_is(key, "All"))
			said->all = value.type;
		else if (is_ours(key, name))
			said->ours = value.type;
	}
}

static bool
is_meant_for_us(const struct mapping_options *o, const struct admit_facts *f)
{
	const char *name = o->integration[0] != '\0' ? o->integration : "Bento";
	struct said said = { JSON_NONE, JSON_NONE };

	read_said(f->batch_integrations, name, &said);
	read_said(f->integrations, name, &said);
	if (said.ours != JSON_NONE && said.ours != JSON_NULL)
		return said.ours != JSON_FALSE;
	return said.all != JSON_FALSE;
}

/* ---- reserved types -------------------------------------------------------------------------- */

/* A rule's purchase is the operator's word; but an order, or somebody's new address, that a browser
 * names could be invented. */
static bool
may_act(const struct mapping_options *o, const struct admit_facts *f, const struct rule *rule)
{
	if (f->kind == KIND_ALIAS || (rule != NULL && rule->purchase))
		return !f->browser || o->reserved == MAPPING_RESERVED_PASS;
	if (f->kind != KIND_TRACK || !reserved_is(f->name))
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

const char *
admit_event(const struct mapping_options *o, const struct admit_facts *f)
{
	const struct rule *rule = f->kind == KIND_TRACK ? rules_find(&o->rules, f->name) : NULL;

	if (!is_forwarded(o, f->kind))
		return mapping_not_forwarded;
	if (!is_meant_for_us(o, f))
		return mapping_not_for_us;
	if (rule != NULL && rule->drop)
		return mapping_dropped;
	return may_act(o, f, rule) ? NULL : mapping_reserved_type;
}
