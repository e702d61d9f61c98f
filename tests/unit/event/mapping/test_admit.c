/* event/admit, event/traits, and what event/mapping makes of kinds other than track. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "event/json/json.h"
#include "event/mapping/admit.h"
#include "event/mapping/traits.h"

#define AT INT64_C(1785587696789) /* 2026-08-01T12:34:56.789Z */
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static const struct mapping_options segment; /* as the Segment function */
static const struct mapping_options open_site = {
	.identify = MAPPING_IDENTIFY_UPDATE_FIELDS,
	.page = "Viewed {name} Page",
	.screen = "{name}",
	.group = "Joined Group",
};

static void
expect_reason(const struct mapping_options *o, const struct admit_facts *f, const char *want)
{
	const char *reason = admit_event(o, f);

	if (want == NULL)
		assert_null(reason);
	else
		assert_string_equal(reason == NULL ? "admitted" : reason, want);
}

static void
kinds_are_forwarded_as_the_site_says(void **state)
{
	static const struct {
		enum event_kind kind;
		bool at_segment, at_open;
	} rows[] = {
		{ KIND_TRACK, true, true },
		{ KIND_IDENTIFY, false, true },
		{ KIND_PAGE, false, true },
		{ KIND_SCREEN, false, true },
		{ KIND_GROUP, false, true },
		{ KIND_ALIAS, false, false },
		{ KIND_DELETE, false, false },
		{ KIND_UNKNOWN, false, false },
		{ KIND_BENTO, true, true },
		{ KIND_SUBSCRIBER, true, true },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct admit_facts f = { .kind = rows[i].kind, .name = SLICE("X") };

		expect_reason(&segment, &f, rows[i].at_segment ? NULL : "unsupported_event_type");
		expect_reason(&open_site, &f, rows[i].at_open ? NULL : "unsupported_event_type");
	}
}

static void
integrations_are_obeyed(void **state)
{
	static const struct {
		const char *own, *batch;
		bool admitted;
	} rows[] = {
		{ NULL, NULL, true },
		{ "{}", NULL, true },
		{ "{\"All\":true}", NULL, true },
		{ "{\"All\":false}", NULL, false },
		{ "{\"Bento\":false}", NULL, false },
		{ "{\"All\":false,\"Bento\":true}", NULL, true },
		{ "{\"Bento\":true,\"All\":false}", NULL, true },
		{ "{\"All\":false,\"Bento\":{\"x\":1}}", NULL, true },
		{ "{\"All\":false,\"Bento (Shop)\":true}", NULL, true },
		{ "{\"Bento (Shop)\":false}", NULL, false },
		{ "{\"Bento Shop\":false}", NULL, true },
		{ "{\"bento\":false}", NULL, true },
		{ "{\"\\u0042ento\":false}", NULL, false },
		{ "{\"Bento\":null}", NULL, true },
		{ "{\"Mixpanel\":false}", NULL, true },
		{ "[false]", NULL, true },
		{ "null", "{\"All\":false}", false },
		{ "{\"Bento\":true}", "{\"All\":false}", true },
		{ "{\"All\":true}", "{\"All\":false}", true },
		{ NULL, "{\"Bento\":false}", false },
		{ "{\"All\":true}", "{\"Bento\":false}", false },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct admit_facts f = { .kind = KIND_TRACK,
			.name = SLICE("X"),
			.integrations = slice_from(rows[i].own),
			.batch_integrations = slice_from(rows[i].batch) };

		expect_reason(&segment, &f, rows[i].admitted ? NULL : "integrations");
	}
}

static void
reserved_types_pass_as_the_site_says(void **state)
{
	struct mapping_options o = segment;
	struct admit_facts f = { .kind = KIND_TRACK, .name = SLICE("$tag") };

	(void)state;
	expect_reason(&o, &f, NULL);
	f.browser = true;
	expect_reason(&o, &f, "reserved_type");
	o.reserved = MAPPING_RESERVED_PASS;
	expect_reason(&o, &f, NULL);
	o.reserved = MAPPING_RESERVED_BLOCK;
	f.browser = false;
	expect_reason(&o, &f, "reserved_type");
	f.name = SLICE("$tags");
	expect_reason(&o, &f, NULL);
	assert_int_equal(mapping_status("reserved_type"), STATUS_DISCARDED);
	assert_int_equal(mapping_status("integrations"), STATUS_DISCARDED);
	assert_int_equal(mapping_status("unsupported_event_type"), STATUS_UNSUPPORTED);
	assert_int_equal(mapping_status("purchase_value_invalid"), STATUS_INVALID);
}

static void
expect_traits(const char *traits, bool join, const char *want)
{
	struct json_value value;
	struct buf to;
	struct json j;

	buf_init(&to, 1 << 20);
	buf_append_byte(&to, '{');
	traits_append(slice_from(traits), join, NULL, true, &to);
	buf_append_byte(&to, '}');
	assert_false(to.failed);
	assert_string_equal(to.p, want);
	json_init(&j, slice_from(to.p), JSON_MAX_DEPTH);
	assert_int_equal(json_skip(&j, &value), 0);
	buf_free(&to);
}

static void
traits_become_flat_fields(void **state)
{
	(void)state;
	expect_traits("{}", true, "{}");
	expect_traits("{\"firstName\":\"Ann\",\"lastName\":\"B\",\"plan\":\"pro\"}", true,
	    "{\"first_name\":\"Ann\",\"last_name\":\"B\",\"plan\":\"pro\"}");
	/* numbers and texts keep their bytes */
	expect_traits("{ \"n\" : 1491926160718000000, \"m\":1.10,\"t\":\"\\u00e9\",\"b\":true,"
		      "\"z\":null}",
	    true, "{\"n\":1491926160718000000,\"m\":1.10,\"t\":\"\\u00e9\",\"b\":true,\"z\":null}");
	expect_traits("{\"address\":{\"city\":\"Bern\",\"geo\":{\"lat\":1}},\"firstName\":\"A\"}",
	    true, "{\"address_city\":\"Bern\",\"address_geo_lat\":1,\"first_name\":\"A\"}");
	/* only at the top is it the person's name */
	expect_traits("{\"boss\":{\"firstName\":\"C\"}}", true, "{\"boss_firstName\":\"C\"}");
	expect_traits("{\"email\":\"a@b.cc\",\"x\":{\"email\":\"d@e.ff\"}}", true,
	    "{\"x_email\":\"d@e.ff\"}");
	expect_traits("{\"a\":[\"x\",1,true,null,{\"y\":1},[2],\"z\\\"\"],\"b\":1}", true,
	    "{\"a\":\"x, 1, true, z\\\"\",\"b\":1}");
	expect_traits("{\"a\":[\"x\"],\"b\":1}", false, "{\"b\":1}");
	expect_traits("{\"a\":[]}", true, "{\"a\":\"\"}");
	/* of two with one name the first counts */
	expect_traits(
	    "{\"a_b\":1,\"a\":{\"b\":2},\"a_b\":3,\"first_name\":\"F\",\"firstName\":\"G\"}", true,
	    "{\"a_b\":1,\"first_name\":\"F\"}");
	expect_traits("{\"\":1,\"a\":{\"\":2,\"b\":{}}}", true, "{}");
}

static void
traits_have_their_bounds(void **state)
{
	char traits[40000], name[TRAITS_NAME_MAX + 2];
	struct buf to;
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(traits, sizeof(traits), "{");
	for (int i = 0; i <= TRAITS_MAX; i++)
		n += (size_t)snprintf(
		    traits + n, sizeof(traits) - n, "%s\"t%d\":%d", i > 0 ? "," : "", i, i);
	snprintf(traits + n, sizeof(traits) - n, "}");
	buf_init(&to, 1 << 20);
	assert_int_equal(traits_append(slice_from(traits), true, NULL, true, &to), TRAITS_MAX);
	buf_clear(&to);
	memset(name, 'n', sizeof(name));
	snprintf(traits, sizeof(traits), "{\"%.*s\":1,\"%.*s\":2}", TRAITS_NAME_MAX, name,
	    TRAITS_NAME_MAX + 1, name);
	assert_int_equal(traits_append(slice_from(traits), true, NULL, true, &to), 1);
	buf_clear(&to);
	/* as deep as it goes, and one deeper */
	assert_int_equal(
	    traits_append(SLICE("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"b\":1,\"a\":"
				"{\"c\":1}}}}}}}}}"),
		true, NULL, true, &to),
	    1);
	buf_free(&to);
}

static struct mapping_input
input(enum event_kind kind, const char *name, const char *body)
{
	return (struct mapping_input){ .body = slice_from(body),
		.name = slice_from(name),
		.email = SLICE("a@b.cc"),
		.message_id = SLICE("m-1"),
		.occurred_at = AT,
		.kind = kind };
}

static void
expect(const struct mapping_options *o, const struct mapping_input *in,
    enum bento_endpoint endpoint, const char *want)
{
	const char *reason;
	struct mapped mapped;
	struct buf to;

	buf_init(&to, 100000);
	if (mapping_append(o, in, &to, &mapped, &reason) != 0) {
		assert_string_equal(reason == NULL ? "no memory" : reason, want);
		assert_int_equal(to.n, 0);
	} else {
		assert_string_equal(to.p, want);
		assert_int_equal(mapped.endpoint, endpoint);
		assert_int_equal(mapped.items, 1);
	}
	buf_free(&to);
}

static void
each_kind_becomes_what_the_site_says(void **state)
{
	struct mapping_options o = open_site;
	struct mapping_input in =
	    input(KIND_IDENTIFY, NULL, "{\"traits\":{\"firstName\":\"Ann\",\"age\":7}}");

	(void)state;
	o.unique_key = o.send_date = true;
	expect(&o, &in, BENTO_EVENTS,
	    "{\"type\":\"$update_fields\",\"email\":\"a@b.cc\","
	    "\"fields\":{\"first_name\":\"Ann\",\"age\":7},\"details\":{\"unique\":{\"key\":\"m-"
	    "1\"}},"
	    "\"date\":\"2026-08-01T12:34:56.789Z\"}");
	assert_true(mapping_has_key(&o, &in));
	o.unique_key = o.send_date = false;
	assert_false(mapping_has_key(&o, &in));
	o.identify = MAPPING_IDENTIFY_SUBSCRIBERS;
	expect(
	    &o, &in, BENTO_SUBSCRIBERS, "{\"email\":\"a@b.cc\",\"first_name\":\"Ann\",\"age\":7}");
	assert_true(mapping_has_key(&o, &in));
	in = input(KIND_IDENTIFY, NULL, "{}");
	expect(&o, &in, BENTO_SUBSCRIBERS, "{\"email\":\"a@b.cc\"}");
	in = input(KIND_IDENTIFY, NULL, "{\"traits\":7}");
	expect(&o, &in, BENTO_EVENTS, "traits_not_object");

	in = input(KIND_PAGE, "Home", "{\"properties\":{\"url\":\"/\"}}");
	expect(&o, &in, BENTO_EVENTS,
	    "{\"type\":\"Viewed Home Page\",\"email\":\"a@b.cc\",\"details\":{\"url\":\"/\"}}");
	in = input(KIND_PAGE, NULL, "{}");
	expect(&o, &in, BENTO_EVENTS, "event_not_defined");
	in = input(KIND_GROUP, NULL, "{\"traits\":{\"name\":\"Acme\"},\"properties\":{\"p\":1}}");
	expect(&o, &in, BENTO_EVENTS,
	    "{\"type\":\"Joined Group\",\"email\":\"a@b.cc\",\"details\":{\"name\":\"Acme\"}}");
	in = input(KIND_ALIAS, NULL, "{}");
	expect(&o, &in, BENTO_EVENTS, "unsupported_event_type");
	in.kind = KIND_PAGE;
	in.name = SLICE("Home");
	expect(&segment, &in, BENTO_EVENTS, "unsupported_event_type");
}

static void
nothing_becomes_an_act_of_bento_by_its_name(void **state)
{
	struct mapping_input in = input(KIND_SCREEN, "$unsubscribe", "{}");

	(void)state;
	expect(&open_site, &in, BENTO_EVENTS, "reserved_type");
	in = input(KIND_SCREEN, "$unsubscribe now", "{}");
	expect(
	    &open_site, &in, BENTO_EVENTS, "{\"type\":\"$unsubscribe now\",\"email\":\"a@b.cc\"}");
	in = input(KIND_TRACK, "$purchase", "{\"properties\":{\"value\":7}}");
	expect(&segment, &in, BENTO_EVENTS, "purchase_key_missing");
	in = input(KIND_TRACK, "$tag", "{\"properties\":{\"tag\":\"vip\"}}");
	expect(&segment, &in, BENTO_EVENTS,
	    "{\"type\":\"$tag\",\"email\":\"a@b.cc\",\"details\":{\"tag\":\"vip\"}}");
	in.browser = true;
	expect(&segment, &in, BENTO_EVENTS, "reserved_type");
	in = input(KIND_TRACK, "X", "{\"integrations\":{\"All\":false}}");
	expect(&segment, &in, BENTO_EVENTS, "integrations");
	in = input(KIND_TRACK, "X", "{}");
	in.batch_integrations = SLICE("{\"Bento\":false}");
	expect(&segment, &in, BENTO_EVENTS, "integrations");
}

static void
settings_read_what_they_print(void **state)
{
	struct mapping_options o = open_site, back;
	struct buf text;

	(void)state;
	o.reserved = MAPPING_RESERVED_BLOCK;
	o.omit_arrays = true;
	snprintf(o.integration, sizeof(o.integration), "%s", "My \"Bento\"");
	buf_init(&text, 4096);
	mapping_describe(&o, &text);
	assert_int_equal(mapping_parse(buf_slice(&text), &back), 0);
	assert_memory_equal(back.page, o.page, strlen(o.page) + 1);
	assert_string_equal(back.screen, o.screen);
	assert_string_equal(back.group, o.group);
	assert_string_equal(back.integration, o.integration);
	assert_int_equal(back.identify, o.identify);
	assert_int_equal(back.reserved, o.reserved);
	assert_true(back.omit_arrays);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_forwarded_as_the_site_says),
		cmocka_unit_test(integrations_are_obeyed),
		cmocka_unit_test(reserved_types_pass_as_the_site_says),
		cmocka_unit_test(traits_become_flat_fields),
		cmocka_unit_test(traits_have_their_bounds),
		cmocka_unit_test(each_kind_becomes_what_the_site_says),
		cmocka_unit_test(nothing_becomes_an_act_of_bento_by_its_name),
		cmocka_unit_test(settings_read_what_they_print),
	};

	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
