/*
 * Validates one member of a request (event, subscriber or command) as Bento's documentation says.
 * Returns Bento's error text for the first fault.
 */
#include "sim/item.h"

#include <string.h>

#include "base/isotime.h"

/* The members of an event before the rules are checked. When a key occurs twice, its last value
 * counts. */
struct event_text {
	struct json_value type;
	struct json_value email;
	struct json_value date;
	enum json_type fields;
	enum json_type details;
	bool fields_nested;
	struct json_value unique; /* details.unique.key */
	enum json_type value;     /* details.value */
	struct json_value currency;
	struct json_value amount;
};

static void
break_rule(struct batch_item *item, const char *field, const char *message)
{
	if (item->bad_field == NULL) {
		item->bad_field = field;
		item->bad_message = message;
	}
}

static bool
is_container(enum json_type type)
{
	return type == JSON_OBJECT || type == JSON_ARRAY;
}

/* Consumes an object. Returns whether a member is an object or array. */
static bool
skip_flat(struct json *j)
{
	struct json_value v;
	struct slice key;
	bool nested = false;

	json_object_begin(j);
	while (json_object_next(j, &key) == 1)
		if (json_skip(j, &v) == 0 && is_container(v.type))
			nested = true;
	return nested;
}

static void
parse_fields(struct event_text *t, struct json *j)
{
	struct json_value v;

	t->fields = json_peek(j);
	if (t->fields == JSON_OBJECT)
		t->fields_nested = skip_flat(j);
	else
		json_skip(j, &v);
}

static void
parse_unique(struct event_text *t, struct json *j)
{
	struct json_value v;
	struct slice key;

	t->unique = (struct json_value){ .type = JSON_NONE };
	if (json_peek(j) != JSON_OBJECT) {
		json_skip(j, &v);
		return;
	}
	json_object_begin(j);
	while (json_object_next(j, &key) == 1)
		json_skip(j, json_string_is(key, "key") ? &t->unique : &v);
}

static void
parse_value(struct event_text *t, struct json *j)
{
	struct json_value v;
	struct slice key;

	t->value = json_peek(j);
	t->currency = t->amount = (struct json_value){ .type = JSON_NONE };
	if (t->value != JSON_OBJECT) {
		json_skip(j, &v);
		return;
	}
	json_object_begin(j);
	while (json_object_next(j, &key) == 1) {
		if (json_string_is(key, "currency"))
			json_skip(j, &t->currency);
		else if (json_string_is(key, "amount"))
			json_skip(j, &t->amount);
		else
			json_skip(j, &v);
	}
}

static void
parse_details(struct event_text *t, struct json *j)
{
	struct json_value v;
	struct slice key;

	t->details = json_peek(j);
	t->unique = (struct json_value){ .type = JSON_NONE };
	t->value = JSON_NONE;
	if (t->details != JSON_OBJECT) {
		json_skip(j, &v);
		return;
	}
	json_object_begin(j);
	while (json_object_next(j, &key) == 1) {
		if (json_string_is(key, "unique"))
			parse_unique(t, j);
		else if (json_string_is(key, "value"))
			parse_value(t, j);
		else
			json_skip(j, &v);
	}
}

static void
parse_member(struct event_text *t, struct slice key, struct json *j)
{
	struct json_value v;

	if (json_string_is(key, "type"))
		json_skip(j, &t->type);
	else if (json_string_is(key, "email"))
		json_skip(j, &t->email);
	else if (json_string_is(key, "date"))
		json_skip(j, &t->date);
	else if (json_string_is(key, "fields"))
		parse_fields(t, j);
	else if (json_string_is(key, "details"))
		parse_details(t, j);
	else
		json_skip(j, &v);
}

/* Accepts one @ with text on both sides, a dot in the domain, and no white space. */
static bool
is_email(struct slice s)
{
	const char *at = memchr(s.p, '@', s.n);
	size_t n_local = at == NULL ? 0 : (size_t)(at - s.p);

	if (n_local == 0 || n_local + 1 >= s.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ')
			return false;
	return memchr(at + 1, '@', s.n - n_local - 1) == NULL
	       && memchr(at + 2, '.', s.n - n_local - 2) != NULL && s.p[s.n - 1] != '.';
}

static void
check_email(struct batch_item *item, const struct json_value *v, struct buf *scratch)
{
	if (v->type == JSON_NONE || v->type == JSON_NULL)
		break_rule(item, "email", "can't be blank");
	else if (v->type != JSON_STRING || json_string_decode(v->raw, scratch, &item->email) != 0
		 || !is_email(item->email))
		break_rule(item, "email", "is invalid");
}

static void
check_type(struct batch_item *item, const struct json_value *v, struct buf *scratch)
{
	if (v->type == JSON_NONE || v->type == JSON_NULL)
		break_rule(item, "type", "can't be blank");
	else if (v->type != JSON_STRING || json_string_decode(v->raw, scratch, &item->type) != 0)
		break_rule(item, "type", "must be a string");
	else if (item->type.n == 0)
		break_rule(item, "type", "can't be blank");
}

static void
check_date(struct batch_item *item, const struct json_value *v, struct buf *scratch)
{
	struct slice text;
	int64_t ms;

	if (v->type == JSON_NONE || v->type == JSON_NULL)
		return;
	if (v->type != JSON_STRING || json_string_decode(v->raw, scratch, &text) != 0
	    || isotime_parse(text, &ms) != 0)
		break_rule(item, "date", "is not ISO 8601");
}

static bool
is_whole_number(const struct json_value *v)
{
	return v->type == JSON_NUMBER && memchr(v->raw.p, '.', v->raw.n) == NULL
	       && memchr(v->raw.p, 'e', v->raw.n) == NULL
	       && memchr(v->raw.p, 'E', v->raw.n) == NULL;
}

static void
check_details(struct batch_item *item, const struct event_text *t, struct buf *scratch)
{
	if (t->details != JSON_NONE && t->details != JSON_NULL && t->details != JSON_OBJECT)
		break_rule(item, "details", "must be an object");
	if (t->unique.type == JSON_STRING)
		json_string_decode(t->unique.raw, scratch, &item->unique);
	else if (t->unique.type == JSON_NUMBER)
		item->unique = t->unique.raw;
	else if (t->unique.type != JSON_NONE)
		break_rule(item, "details.unique.key", "must be a string or a number");
	if (SLICE_IS(item->type, "$purchase"))
		item->dropped = t->value != JSON_OBJECT || t->currency.type != JSON_STRING
				|| !is_whole_number(&t->amount);
}

static void
check_event(struct batch_item *item, const struct event_text *t, struct buf *scratch)
{
	check_type(item, &t->type, scratch);
	check_email(item, &t->email, scratch);
	/* null is what Bento recommends for no fields, and what its Laravel SDK sends */
	if (t->fields != JSON_NONE && t->fields != JSON_NULL && t->fields != JSON_OBJECT)
		break_rule(item, "fields", "must be an object");
	if (t->fields_nested)
		break_rule(item, "fields", "must be flat");
	check_details(item, t, scratch);
	check_date(item, &t->date, scratch);
}

/* Reads an opening brace and notes where the text begins. Returns false, and consumes the value,
 * when it is not an object. */
static bool
begin_item(struct batch_item *item, struct json *j)
{
	struct json_value v;

	if (json_peek(j) != JSON_OBJECT) {
		if (json_skip(j, &v) == 0) {
			item->raw = v.raw;
			break_rule(item, "base", "must be an object");
		}
		return false;
	}
	if (json_object_begin(j) != 0)
		return false;
	item->raw.p = j->p - 1; /* the brace was already read */
	return true;
}

void
item_parse_event(struct batch_item *item, struct json *j, struct buf *scratch)
{
	struct event_text t = { .fields_nested = false };
	struct slice key;

	if (!begin_item(item, j))
		return;
	while (json_object_next(j, &key) == 1)
		parse_member(&t, key, j);
	item->raw.n = (size_t)(j->p - item->raw.p);
	if (j->error == NULL)
		check_event(item, &t, scratch);
}

/* Bento accepts tags as text and, from its Node SDK, as a list. */
static bool
is_tags(struct slice key, const struct json_value *value)
{
	return value->type == JSON_ARRAY
	       && (json_string_is(key, "tags") || json_string_is(key, "remove_tags"));
}

void
item_parse_subscriber(struct batch_item *item, struct json *j, struct buf *scratch)
{
	struct json_value email = { .type = JSON_NONE }, v;
	struct slice key;
	bool nested = false;

	if (!begin_item(item, j))
		return;
	while (json_object_next(j, &key) == 1) {
		if (json_string_is(key, "email"))
			json_skip(j, &email);
		else if (json_skip(j, &v) == 0 && is_container(v.type) && !is_tags(key, &v))
			nested = true;
	}
	item->raw.n = (size_t)(j->p - item->raw.p);
	if (j->error != NULL)
		return;
	check_email(item, &email, scratch);
	if (nested)
		break_rule(item, "fields", "must be flat");
}

/* The commands of the documentation and of the official clients. */
static bool
is_command(struct slice word)
{
	static const char *const words[] = { "add_tag", "add_tag_via_event", "remove_tag",
		"add_field", "remove_field", "subscribe", "unsubscribe", "change_email" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (slice_equals(word, slice_from(words[i])))
			return true;
	return false;
}

static void
check_command(struct batch_item *item, const struct json_value *command,
    const struct json_value *email, const struct json_value *query, struct buf *scratch)
{
	struct slice address;

	if (command->type != JSON_STRING
	    || json_string_decode(command->raw, scratch, &item->type) != 0
	    || !is_command(item->type))
		break_rule(item, "command", "is unknown");
	check_email(item, email, scratch);
	if (SLICE_IS(item->type, "change_email")
	    && (query->type != JSON_STRING || json_string_decode(query->raw, scratch, &address) != 0
		|| !is_email(address)))
		break_rule(item, "query", "is invalid");
}

void
item_parse_command(struct batch_item *item, struct json *j, struct buf *scratch)
{
	struct json_value command = { .type = JSON_NONE }, email = command, query = command, other;
	struct slice key;

	if (!begin_item(item, j))
		return;
	while (json_object_next(j, &key) == 1) {
		if (json_string_is(key, "command"))
			json_skip(j, &command);
		else if (json_string_is(key, "email"))
			json_skip(j, &email);
		else if (json_string_is(key, "query"))
			json_skip(j, &query);
		else
			json_skip(j, &other);
	}
	item->raw.n = (size_t)(j->p - item->raw.p);
	if (j->error == NULL)
		check_command(item, &command, &email, &query, scratch);
}
