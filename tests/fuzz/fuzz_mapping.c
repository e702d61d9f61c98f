/*
 * event/mapping: the first byte chooses the options, the second the length of the event's name,
 * which follows; the rest is the event's body. The output is JSON and contains the properties byte
 * for byte.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "event/bento/details.h"
#include "event/json/json.h"
#include "event/mapping/mapping.h"
#include "event/segment/fields.h"

/* Finds the last member of that name in an object; JSON_NONE when there is none. Returns -1 when it
 * is not an object. */
static int
find_member(struct slice object, const char *name, struct json_value *ret_value)
{
	struct json_value value;
	struct slice key;
	struct json j;

	*ret_value = (struct json_value){ JSON_NONE, SLICE_NONE };
	json_init(&j, object, JSON_MAX_DEPTH);
	if (json_object_begin(&j) != 0)
		return -1;
	while (json_object_next(&j, &key) > 0) {
		if (json_skip(&j, &value) != 0)
			return -1;
		if (json_string_is(key, name))
			*ret_value = value;
	}
	return json_finish(&j);
}

static void
check_text(struct slice event, const char *member, struct slice want)
{
	struct buf printed;
	struct json_value value;

	buf_init(&printed, 6 * want.n + 2);
	json_string_append(&printed, want);
	FUZZ_CHECK(find_member(event, member, &value) == 0);
	FUZZ_CHECK(slice_equals(value.raw, buf_slice(&printed)));
	buf_free(&printed);
}

/* details must equal the properties byte for byte, except for a unique key when they have none. */
static void
check_details(const struct mapping_options *o, const struct mapping_input *in, struct slice event,
    const struct json_value *properties)
{
	struct json_value details, unique = { JSON_NONE, SLICE_NONE }, theirs = unique;
	bool keyed;

	FUZZ_CHECK(find_member(event, "details", &details) == 0);
	if (properties->type != JSON_OBJECT) {
		FUZZ_CHECK(details.type == (o->unique_key ? JSON_OBJECT : JSON_NONE));
	} else {
		FUZZ_CHECK(details.type == JSON_OBJECT);
		FUZZ_CHECK(find_member(properties->raw, "unique", &theirs) == 0);
	}
	if (details.type == JSON_OBJECT)
		FUZZ_CHECK(find_member(details.raw, "unique", &unique) == 0);
	keyed = details_unique_is_usable(&theirs);
	if (keyed || !o->unique_key) {
		FUZZ_CHECK(unique.type == theirs.type);
		if (properties->type == JSON_OBJECT && !SLICE_IS(in->name, "$purchase"))
			FUZZ_CHECK(slice_equals(details.raw, properties->raw));
	} else {
		FUZZ_CHECK(details_unique_is_usable(&unique));
		check_text(unique.raw, "key", in->message_id);
	}
	if (properties->type == JSON_OBJECT && theirs.type == JSON_NONE)
		FUZZ_CHECK(memcmp(details.raw.p, properties->raw.p, properties->raw.n - 1) == 0);
}

static void
check_fields(struct slice event)
{
	struct json_value fields, name;

	FUZZ_CHECK(find_member(event, "fields", &fields) == 0);
	if (fields.type == JSON_NONE)
		return;
	FUZZ_CHECK(find_member(fields.raw, "first_name", &name) == 0);
	if (name.type == JSON_NONE)
		FUZZ_CHECK(find_member(fields.raw, "last_name", &name) == 0);
	FUZZ_CHECK(name.type == JSON_STRING && name.raw.n > 2);
}

static void
check_mapping(const struct mapping_options *o, const struct mapping_input *in)
{
	struct json_value properties, date;
	const char *reason = NULL;
	struct mapped mapped;
	struct slice event;
	struct buf to;
	int rc;

	buf_init(&to, 100000 + 2 * in->body.n + 6 * in->name.n);
	buf_append_literal(&to, "before");
	rc = mapping_append(o, in, &to, &mapped, &reason);
	FUZZ_CHECK(to.n >= 6 && memcmp(to.p, "before", 6) == 0 && !to.failed);
	if (rc != 0) {
		FUZZ_CHECK(to.n == 6 && reason != NULL);
		if (strcmp(reason, "body_not_json") == 0)
			FUZZ_CHECK(find_member(in->body, "", &properties) != 0);
	} else {
		event = (struct slice){ to.p + 6, to.n - 6 };
		FUZZ_CHECK(reason == NULL);
		FUZZ_CHECK(find_member(in->body, "properties", &properties) == 0);
		FUZZ_CHECK(properties.type == JSON_OBJECT || event_says_nothing(&properties));
		check_text(event, "type", in->name);
		check_text(event, "email", in->email);
		check_fields(event);
		check_details(o, in, event, &properties);
		FUZZ_CHECK(find_member(event, "date", &date) == 0);
		FUZZ_CHECK((date.type == JSON_STRING) == o->send_date);
	}
	buf_free(&to);
}

/* With rules, mapping_append writes as many objects as it returns, each with the event's
 * address. */
static void
check_items(const struct mapping_options *o, const struct mapping_input *in)
{
	const char *reason = NULL;
	struct json_value item;
	struct mapped mapped;
	unsigned n = 0;
	struct json j;
	struct buf to;

	buf_init(&to, 100000 + 8 * in->body.n + 12 * in->name.n);
	buf_append_byte(&to, '[');
	if (mapping_append(o, in, &to, &mapped, &reason) != 0) {
		FUZZ_CHECK(to.n == 1 && reason != NULL);
		buf_free(&to);
		return;
	}
	buf_append_byte(&to, ']');
	json_init(&j, buf_slice(&to), JSON_MAX_DEPTH);
	FUZZ_CHECK(json_array_begin(&j) == 0);
	while (json_array_next(&j) > 0) {
		FUZZ_CHECK(json_skip(&j, &item) == 0 && item.type == JSON_OBJECT);
		check_text(item.raw, "email", in->email);
		n++;
	}
	FUZZ_CHECK(json_finish(&j) == 0 && n == mapped.items);
	buf_free(&to);
}

static const char *const fuzz_rules[] = { "* => as $purchase; currency EUR; also; tag a\"b",
	"* => as $purchase; value total", "* => rename B; tag x; remove_tag y", "A* => drop" };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct mapping_options options = { .unique_key = false };
	struct mapping_input in;
	size_t n;

	if (size < 2)
		return 0;
	options.unique_key = (data[0] & 1) != 0;
	options.send_date = (data[0] & 2) != 0;
	n = data[1] & 31;
	if (n > size - 2)
		n = size - 2;
	in = (struct mapping_input){ .body = { text + 2 + n, size - 2 - n },
		.name = { text + 2, n },
		.email = SLICE("ann@example.com"),
		.message_id = SLICE("m-\"1\""),
		.occurred_at = INT64_C(1785587696789) };
	if ((data[0] & 4) != 0)
		in.context =
		    SLICE("{\"traits\":{\"email\":\"ann@example.com\",\"lastName\":\"B\"}}");
	if ((data[0] & 8) != 0) {
		FUZZ_CHECK(rules_add(&options.rules, fuzz_rules[data[0] >> 4 & 3], NULL) == 0);
		check_items(&options, &in);
	} else {
		check_mapping(&options, &in);
	}
	return 0;
}
