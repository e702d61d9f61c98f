/*
 * Forwards an event or subscriber that came in Bento's own format. Members keep their order, and
 * values their bytes, with a few exceptions: the address that the event goes to, a unique key in
 * details, a date, an empty array where Bento expects an object, lists of tags, and words that the
 * sender must not use. Nothing is written when the event cannot be sent.
 */
#include "event/mapping/mapping_bento_api.h"

#include "base/isotime.h"
#include "event/bento/acts.h"
#include "event/bento/bento_api.h"
#include "event/bento/details.h"
#include "event/json/json.h"
#include "event/mapping/admit.h"

/* State while an object is written. */
struct printing {
	const struct mapping_options *o;
	const struct mapping_input *in;
	const struct bento_api_fields *f;
	bool acts; /* fields may hold words that Bento acts on */
	bool any;  /* a member has been written */
	struct buf *to;
};

static bool
says(const struct json_value *value, struct slice text)
{
	struct slice said;
	struct buf scratch;
	bool same;

	if (value->type != JSON_STRING)
		return false;
	buf_init(&scratch, value->raw.n);
	same = json_string_decode(value->raw, &scratch, &said) == 0 && slice_equals(said, text);
	buf_free(&scratch);
	return same;
}

static void
begin_member(struct printing *p, struct slice raw_key)
{
	if (p->any)
		buf_append_byte(p->to, ',');
	p->any = true;
	buf_append_slice(p->to, raw_key);
	buf_append_byte(p->to, ':');
}

static void
copy_member(struct printing *p, struct slice raw_key, const struct json_value *value)
{
	begin_member(p, raw_key);
	buf_append_slice(p->to, value->raw);
}

/* An operator may have changed the address, so it can differ from the one in the event. */
static void
print_email(struct printing *p, struct slice raw_key, const struct json_value *value)
{
	begin_member(p, raw_key);
	if (says(value, p->in->email))
		buf_append_slice(p->to, value->raw);
	else
		json_string_append(p->to, p->in->email);
}

/* Whether Bento acts on this member, or may take it for another address. */
static bool
is_act(struct slice raw_key, bool *ret_tags)
{
	struct buf scratch;
	struct slice key;
	bool act = true; /* stays so without memory */

	*ret_tags = false;
	buf_init(&scratch, raw_key.n);
	if (json_string_decode(raw_key, &scratch, &key) == 0) {
		act = act_is(ACT_FIELD, key) || act_is_address(key);
		*ret_tags = act_takes_tags(key);
	}
	buf_free(&scratch);
	return act;
}

/* ---- an event --------------------------------------------------------------------------- */

static void
print_fields(struct printing *p, struct slice raw_key, const struct json_value *fields)
{
	struct printing inside = *p;
	struct json_value value;
	struct slice key;
	struct json j;
	bool tags;

	begin_member(p, raw_key);
	if (fields->type == JSON_NULL || (fields->type == JSON_OBJECT && p->acts)) {
		buf_append_slice(p->to, fields->raw);
		return;
	}
	buf_append_byte(p->to, '{');
	inside.any = false;
	json_init(&j, fields->raw, JSON_MAX_DEPTH);
	if (fields->type == JSON_OBJECT && json_object_begin(&j) == 0)
		while (json_object_next(&j, &key) > 0 && json_skip(&j, &value) == 0)
			if (!is_act(key, &tags))
				copy_member(&inside, key, &value);
	buf_append_byte(p->to, '}');
}

static struct slice
our_key(const struct printing *p)
{
	return p->o->unique_key && p->in->message_id.n > 0 ? p->in->message_id : SLICE_NONE;
}

static void
print_details(struct printing *p, struct slice raw_key, const struct json_value *details)
{
	struct slice object = bento_api_object(details);
	struct json_value unique = details_unique(object);

	begin_member(p, raw_key);
	if (!details_append(p->in->name, object, &unique, our_key(p), false, p->to))
		buf_append_slice(p->to, details->type == JSON_NULL ? details->raw : SLICE("{}"));
}

/* A date in a format that Bento may not understand is written in ISO 8601. */
static bool
keeps_date(const struct printing *p)
{
	const struct json_value *date = &p->f->date;

	return date->type != JSON_NONE && date->type != JSON_NULL
	       && (!p->o->send_date || bento_api_date_is_plain(date, p->in->occurred_at));
}

static void
print_event_member(struct printing *p, struct slice raw_key, const struct json_value *value)
{
	const struct bento_api_fields *f = p->f;
	struct slice key = raw_key;
	bool tags;

	/* When a key occurs twice, its last value counts. */
	if (json_string_is(key, "email")) {
		if (value->raw.p == f->email.raw.p)
			print_email(p, raw_key, value);
	} else if (json_string_is(key, "details")) {
		if (value->raw.p == f->details.raw.p)
			print_details(p, raw_key, value);
	} else if (json_string_is(key, "fields")) {
		if (value->raw.p == f->fields.raw.p)
			print_fields(p, raw_key, value);
	} else if (json_string_is(key, "date")) {
		if (value->raw.p == f->date.raw.p && keeps_date(p))
			copy_member(p, raw_key, value);
	} else if (json_string_is(key, "type")) {
		if (value->raw.p == f->type.raw.p)
			copy_member(p, raw_key, value);
	} else if (p->acts || !is_act(raw_key, &tags)) {
		copy_member(p, raw_key, value);
	}
}

static void
print_missing(struct printing *p)
{
	char text[ISOTIME_SIZE];

	if (p->f->email.type == JSON_NONE)
		print_email(p, SLICE("\"email\""), &p->f->email);
	if (p->in->kind != KIND_BENTO)
		return;
	if (p->f->details.type == JSON_NONE && our_key(p).p != NULL)
		print_details(p, SLICE("\"details\""), &p->f->details);
	if (p->o->send_date && !keeps_date(p)) {
		isotime_format(p->in->occurred_at, text);
		begin_member(p, SLICE("\"date\""));
		buf_printf(p->to, "\"%s\"", text);
	}
}

/* ---- a subscriber ----------------------------------------------------------------------- */

/* A tag that contains a comma would become two tags: such a list is forwarded unchanged. */
static bool
holds_comma(struct slice array)
{
	struct json_value item;
	bool found = false;
	struct json j;

	json_init(&j, array, JSON_MAX_DEPTH);
	if (json_array_begin(&j) != 0)
		return true;
	while (json_array_next(&j) > 0 && json_skip(&j, &item) == 0)
		found |= bento_api_has_comma(&item);
	return found;
}

static void
print_array(struct printing *p, struct slice raw_key, const struct json_value *value, bool tags)
{
	if (json_is_empty_array(value) || (!tags && p->o->omit_arrays))
		return;
	begin_member(p, raw_key);
	if (tags && holds_comma(value->raw))
		buf_append_slice(p->to, value->raw);
	else
		traits_append_joined(value->raw, tags ? "," : ", ", p->to);
}

/* Writes a PHP list with holes as an array. */
static void
print_tag_list(struct printing *p, struct slice raw_key, const struct json_value *value)
{
	if (json_is_empty(value))
		return;
	begin_member(p, raw_key);
	traits_append_joined(value->raw, ",", p->to);
}

static void
print_subscriber_member(struct printing *p, struct slice raw_key, const struct json_value *value)
{
	bool tags, act = is_act(raw_key, &tags);

	if (json_string_is(raw_key, "email")) {
		if (value->raw.p == p->f->email.raw.p)
			print_email(p, raw_key, value);
	} else if (act && !p->acts) {
		return;
	} else if (value->type == JSON_ARRAY) {
		print_array(p, raw_key, value, tags);
	} else if (bento_api_is_tag_list(raw_key, value)) {
		print_tag_list(p, raw_key, value);
	} else if (!tags || value->type != JSON_NULL) {
		copy_member(p, raw_key, value);
	}
}

static void
pass_on(const struct mapping_options *o, const struct mapping_input *in,
    const struct bento_api_fields *f, struct buf *to)
{
	struct printing p = { o, in, f, admit_acts_by_field(o, in->browser), false, to };
	struct json_value value;
	struct slice key;
	struct json j;

	buf_append_byte(to, '{');
	json_init(&j, f->body, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return;
	while (json_object_next(&j, &key) > 0 && json_skip(&j, &value) == 0) {
		if (in->kind == KIND_BENTO)
			print_event_member(&p, key, &value);
		else
			print_subscriber_member(&p, key, &value);
	}
	print_missing(&p);
	buf_append_byte(to, '}');
}

static const char *
read_again(const struct mapping_input *in, struct bento_api_fields *ret_fields)
{
	struct json j;

	if (in->body.p == NULL)
		return "body_removed";
	if (in->body.p[0] != '{')
		return "event_not_object";
	json_init(&j, in->body, JSON_MAX_DEPTH);
	if (bento_api_read(&j, ret_fields) != 0 || json_finish(&j) != 0)
		return "body_not_json";
	return NULL;
}

int
mapping_bento_api_append(const struct mapping_options *o, const struct mapping_input *in,
    struct buf *to, struct mapped *ret_mapped, const char **ret_reason)
{
	const struct admit_facts facts = {
		.kind = in->kind, .name = in->name, .browser = in->browser
	};
	struct bento_api_fields f;
	size_t before = to->n;

	*ret_reason = read_again(in, &f);
	if (*ret_reason == NULL)
		*ret_reason = admit_event(o, &facts);
	if (*ret_reason == NULL)
		*ret_reason = bento_api_fault(in->kind, &f, in->name, in->email);
	if (*ret_reason != NULL)
		return -1;
	pass_on(o, in, &f, to);
	if (to->failed) {
		buf_truncate(to, before);
		return -1;
	}
	*ret_mapped = (struct mapped){
		.endpoint = in->kind == KIND_BENTO ? BENTO_EVENTS : BENTO_SUBSCRIBERS,
		.items = 1,
	};
	return 0;
}

bool
mapping_bento_api_has_key(const struct mapping_options *o, const struct mapping_input *in)
{
	struct bento_api_fields f;

	if (o->unique_key && in->message_id.n > 0)
		return true;
	return read_again(in, &f) == NULL && details_unique_is_usable(&f.unique);
}
