/*
 * An event or subscriber that came in Bento's own shape, passed on: the received bytes with the
 * address replaced where it was written otherwise, and with details.unique.key and date added where
 * the event has none and the options say so. Nothing is written when it cannot be sent.
 */
#include "event/mapping/mapping_bento_api.h"

#include <string.h>

#include "base/isotime.h"
#include "event/bento/bento_api.h"
#include "event/json/json.h"
#include "event/segment/fields.h"
#include "event/segment/person.h"

/* The event's text, copied up to where something is changed or added. */
struct splice {
	struct buf *to;
	const char *at;
};

static void
copy_until(struct splice *s, const char *until)
{
	buf_append(s->to, s->at, (size_t)(until - s->at));
	s->at = until;
}

static const char *
end_of(const struct json_value *value)
{
	return value->raw.p + value->raw.n;
}

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

/* Somebody may have given it another address than it carries. */
static void
splice_email(struct splice *s, const struct bento_api_fields *f, struct slice email)
{
	if (f->email.type == JSON_NONE || says(&f->email, email))
		return;
	copy_until(s, f->email.raw.p);
	json_string_append(s->to, email);
	s->at = end_of(&f->email);
}

static void
append_unique(struct buf *to, struct slice key)
{
	buf_append_literal(to, "\"unique\":{\"key\":");
	json_string_append(to, key);
	buf_append_byte(to, '}');
}

static void
splice_details(struct splice *s, const struct bento_api_fields *f, struct slice key)
{
	const struct json_value *details = &f->details;

	if (key.p == NULL || details->type == JSON_NONE)
		return;
	if (details->type == JSON_NULL) {
		copy_until(s, details->raw.p);
		buf_append_byte(s->to, '{');
		append_unique(s->to, key);
		buf_append_byte(s->to, '}');
		s->at = end_of(details);
		return;
	}
	copy_until(s, end_of(details) - 1);
	if (!event_is_blank((struct slice){ details->raw.p + 1, details->raw.n - 2 }))
		buf_append_byte(s->to, ',');
	append_unique(s->to, key);
}

static void
append_name(struct splice *s, const struct bento_api_fields *f, const char *name)
{
	if (!event_is_blank((struct slice){ f->body.p + 1, f->body.n - 2 }))
		buf_append_byte(s->to, ',');
	buf_printf(s->to, "\"%s\":", name);
}

static void
append_missing(struct splice *s, const struct bento_api_fields *f, const struct mapping_input *in,
    struct slice key, bool date)
{
	char text[ISOTIME_SIZE];

	copy_until(s, f->body.p + f->body.n - 1);
	if (f->email.type == JSON_NONE) {
		append_name(s, f, "email");
		json_string_append(s->to, in->email);
	}
	if (key.p != NULL && f->details.type == JSON_NONE) {
		buf_append_literal(s->to, ",\"details\":{");
		append_unique(s->to, key);
		buf_append_byte(s->to, '}');
	}
	if (date) {
		isotime_format(in->occurred_at, text);
		buf_printf(s->to, ",\"date\":\"%s\"", text);
	}
	copy_until(s, f->body.p + f->body.n);
}

static void
pass_on(const struct mapping_options *o, const struct mapping_input *in,
    const struct bento_api_fields *f, struct buf *to)
{
	struct splice s = { to, f->body.p };
	bool event = in->kind == KIND_BENTO;
	bool add_key = event && o->unique_key && f->unique.type == JSON_NONE;
	struct slice key = add_key && in->message_id.n > 0 ? in->message_id : SLICE_NONE;
	bool email_first = f->details.raw.p == NULL || f->email.raw.p < f->details.raw.p;

	if (email_first)
		splice_email(&s, f, in->email);
	if (event)
		splice_details(&s, f, key);
	if (!email_first)
		splice_email(&s, f, in->email);
	append_missing(&s, f, in, key, event && o->send_date && f->date.type == JSON_NONE);
}

static const char *
read_again(const struct mapping_input *in, struct bento_api_fields *ret_fields)
{
	struct json j;

	if (in->body.p == NULL)
		return "body_removed";
	json_init(&j, in->body, JSON_MAX_DEPTH);
	if (bento_api_read(&j, ret_fields) != 0 || json_finish(&j) != 0)
		return "body_not_json";
	return NULL;
}

int
mapping_bento_api_append(const struct mapping_options *o, const struct mapping_input *in,
    struct buf *to, struct mapped *ret_mapped, const char **ret_reason)
{
	struct bento_api_fields f;
	size_t before = to->n;

	*ret_reason = read_again(in, &f);
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
	struct json_value key = { .type = JSON_NONE };
	struct bento_api_fields f;

	/* Of two equal upserts the second changes nothing. */
	if (in->kind == KIND_SUBSCRIBER)
		return true;
	if (read_again(in, &f) != NULL)
		return false;
	if (f.unique.type == JSON_NONE)
		return o->unique_key && in->message_id.n > 0;
	if (f.unique.type == JSON_OBJECT)
		key = event_find_member(f.unique.raw, "key");
	return key.type == JSON_NUMBER || (key.type == JSON_STRING && !json_string_is(key.raw, ""));
}
