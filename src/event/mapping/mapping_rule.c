/* What a rule makes of a track call: a purchase, the event itself, tags. */
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

/* A key of its own, so that Bento does not take it for a repeat of the event. */
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
