/* Applies a rule to a track call: writes a purchase, the event itself, and tags. Only a full buffer
 * makes it fail. */
#include <string.h>

#include "event/bento/details.h"
#include "event/json/json.h"
#include "event/mapping/mapping_private.h"

struct items {
	const struct mapping_options *o;
	const struct mapping_input *in;
	const struct found *found;
	struct buf *to;
	unsigned n;
};

static void
begin_item(struct items *s)
{
	if (s->n++ > 0)
		buf_append_byte(s->to, ',');
}

static void
begin_act(struct items *s, const char *type)
{
	begin_item(s);
	buf_printf(s->to, "{\"type\":\"%s\",\"email\":", type);
	json_string_append(s->to, s->in->email);
}

static void
end_act(struct items *s)
{
	if (s->o->send_date)
		mapping_append_date(s->in->occurred_at, s->to);
	buf_append_byte(s->to, '}');
}

static void
append_purchase(struct items *s)
{
	begin_act(s, "$purchase");
	mapping_append_names(s->found, s->to);
	buf_append_literal(s->to, ",\"details\":");
	purchase_append(&s->found->purchase, s->to);
	end_act(s);
}

/* Whether a raw string or number has this text. */
static bool
means(struct slice raw, struct slice text)
{
	struct slice meaning = raw;
	struct buf scratch;
	bool same;

	buf_init(&scratch, raw.n);
	same = (raw.p[0] != '"' || json_string_decode(raw, &scratch, &meaning) == 0)
	       && slice_equals(meaning, text);
	buf_free(&scratch);
	return same;
}

/* Whether two raw strings or numbers have the same text. */
static bool
mean_the_same(struct slice a, struct slice b)
{
	struct slice meaning = b;
	struct buf scratch;
	bool same;

	buf_init(&scratch, b.n);
	same =
	    (b.p[0] != '"' || json_string_decode(b, &scratch, &meaning) == 0) && means(a, meaning);
	buf_free(&scratch);
	return same;
}

static bool
strip(struct slice *text, struct slice end)
{
	if (text->n < end.n || memcmp(text->p + text->n - end.n, end.p, end.n) != 0)
		return false;
	text->n -= end.n;
	return true;
}

/* Whether a messageId ends like a key that mapping made from a shorter messageId: with :event, :tag
 * or :remove_tag, and any number of :id behind it. */
static bool
looks_made(struct slice id)
{
	while (strip(&id, SLICE(":id")))
		continue;
	return strip(&id, SLICE(":event")) || strip(&id, SLICE(":tag"))
	       || strip(&id, SLICE(":remove_tag"));
}

struct slice
mapping_key(const struct mapping_options *o, const struct mapping_input *in, struct buf *scratch)
{
	if (!o->unique_key || in->message_id.n == 0)
		return SLICE_NONE;
	if (!looks_made(in->message_id))
		return in->message_id;
	buf_append_slice(scratch, in->message_id);
	buf_append_literal(scratch, ":id");
	return buf_slice(scratch);
}

struct slice
mapping_key_beside_purchase(const struct mapping_input *in, const struct found *found,
    struct slice key, struct buf *scratch, bool *ret_replace)
{
	struct json_value own = details_unique_key(found->properties);

	*ret_replace = own.type != JSON_NONE && mean_the_same(own.raw, found->purchase.key);
	if (!means(found->purchase.key, in->message_id))
		return key;
	buf_clear(scratch);
	buf_append_slice(scratch, in->message_id);
	buf_append_literal(scratch, ":event");
	return buf_slice(scratch);
}

/* The tag gets a key of its own, so that Bento does not take it for a repeat of the event. */
static void
append_key(struct items *s, const char *type)
{
	struct buf key;

	if (!s->o->unique_key || s->in->message_id.n == 0)
		return;
	buf_init(&key, s->in->message_id.n + 32);
	buf_append_slice(&key, s->in->message_id);
	buf_printf(&key, ":%s", type + 1);
	buf_append_literal(s->to, ",\"unique\":{\"key\":");
	json_string_append(s->to, buf_slice(&key));
	buf_append_byte(s->to, '}');
	s->to->failed = s->to->failed || key.failed;
	buf_free(&key);
}

static void
append_tag(struct items *s, const char *type, struct slice tag)
{
	if (tag.n == 0)
		return;
	begin_act(s, type);
	buf_append_literal(s->to, ",\"details\":{\"tag\":");
	json_string_append(s->to, tag);
	append_key(s, type);
	buf_append_byte(s->to, '}');
	end_act(s);
}

unsigned
mapping_append_by_rule(const struct mapping_options *o, const struct mapping_input *in,
    const struct found *found, struct buf *to)
{
	struct items s = { .o = o, .in = in, .found = found, .to = to };
	const struct rule *rule = found->rule;

	if (rule->purchase)
		append_purchase(&s);
	if (!rule->purchase || rule->also) {
		begin_item(&s);
		mapping_append_event(o, in, found, rule_text(rule, rule->rename), to);
	}
	append_tag(&s, "$tag", rule_text(rule, rule->tag));
	append_tag(&s, "$remove_tag", rule_text(rule, rule->remove_tag));
	return s.n;
}
