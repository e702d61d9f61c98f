/* event/admit, event/traits, and the mapping of kinds other than track. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "event/bento/acts.h"
#include "event/json/json.h"
#include "event/mapping/admit.h"
#include "event/mapping/traits.h"

#define AT INT64_C(1785587696789) /* 2026-08-01T12:34:56.789Z */
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static const struct mapping_options segment; /* maps as Segment's function does */
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
		{ "{\"bento\":false}", NULL, false },
		{ "{\"\\u0042ento\":false}", NULL, false },
		{ "{\"Bento\":null}", NULL, false },
		{ "{\"all\":false,\"bento (my shop)\":true}", NULL, true },
		{ "{\"ALL\":\"false\"}", NULL, false },
		{ "{\"All\":\"true\"}", NULL, true },
		{ "{\"All\":0}", NULL, false },
		{ "{\"All\":\"no\"}", NULL, false },
		{ "{\"all\":false,\"Bento\":[]}", NULL, true },
		{ "false", NULL, false },
		{ "true", NULL, true },
		{ "\"none\"", NULL, false },
		{ "[]", NULL, true },
		{ "[\"Mixpanel\"]", NULL, false },
		{ "[\"bento\"]", NULL, true },
		{ "[]", "{\"All\":false}", false },
		{ "{\"Mixpanel\":false}", NULL, true },
		{ "[false]", NULL, false },
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
			.integrations = {
			    .own = slice_from(rows[i].own), .batch = slice_from(rows[i].batch) } };

		expect_reason(&segment, &f, rows[i].admitted ? NULL : "integrations");
	}
}

/* An opt-out counts in the older places, an opt-in does not. */
static void
integrations_are_obeyed_in_their_older_places(void **state)
{
	static const struct {
		const char *body;
		bool admitted;
	} rows[] = {
		{ "{\"context\":{\"integrations\":{\"All\":false}}}", false },
		{ "{\"context\":{\"providers\":{\"all\":false}}}", false },
		{ "{\"context\":{\"all\":false}}", false },
		{ "{\"options\":{\"integrations\":{\"bento\":false}}}", false },
		{ "{\"options\":{\"providers\":{\"all\":false}}}", false },
		{ "{\"options\":{\"all\":\"no\"}}", false },
		{ "{\"options\":{\"Bento\":false}}", false },
		{ "{\"options\":{\"context\":{\"integrations\":{\"All\":false}}}}", false },
		{ "{\"providers\":{\"bento\":false}}", false },
		{ "{\"providers\":{\"bento\":true},\"options\":{\"x\":false}}", true },
		{ "{\"options\":{\"integrations\":{\"All\":true}}}", true },
		{ "{\"options\":[],\"context\":{\"providers\":[]}}", true },
		{ "{\"options\":7,\"context\":null}", true },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct admit_facts f = { .kind = KIND_TRACK, .name = SLICE("X") };

		f.integrations.older_body = slice_from(rows[i].body);
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
	const struct traits_options options = { .omit_arrays = !join };
	struct json_value value;
	struct buf to;
	struct json j;

	buf_init(&to, 1 << 20);
	buf_append_byte(&to, '{');
	traits_append(slice_from(traits), &options, true, &to);
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
	/* only a name at the top level is the person's name */
	expect_traits("{\"boss\":{\"firstName\":\"C\"}}", true, "{\"boss_firstName\":\"C\"}");
	expect_traits("{\"email\":\"a@b.cc\",\"x\":{\"email\":\"d@e.ff\"}}", true,
	    "{\"x_email\":\"d@e.ff\"}");
	expect_traits("{\"a\":[\"x\",1,true,null,{\"y\":1},[2],\"z\\\"\"],\"b\":1}", true,
	    "{\"a\":\"x, 1, true, z\\\"\",\"b\":1}");
	expect_traits("{\"a\":[\"x\"],\"b\":1}", false, "{\"b\":1}");
	expect_traits("{\"a\":[]}", true, "{\"a\":\"\"}");
	/* of two paths with one name the first counts, of a repeated key the last */
	expect_traits("{\"a_b\":1,\"a\":{\"b\":2},\"first_name\":\"F\",\"firstName\":\"G\"}", true,
	    "{\"a_b\":1,\"first_name\":\"F\"}");
	expect_traits(
	    "{\"plan\":\"a\",\"x\":1,\"pl\\u0061n\":\"b\"}", true, "{\"plan\":\"b\",\"x\":1}");
	/* names are decoded */
	expect_traits("{\"first\\u004eame\":\"A\",\"a\\/"
		      "b\":1,\"em\\u0061il\":\"x@y.zz\",\"\\ud83d\\ude00\":2}",
	    true, "{\"first_name\":\"A\",\"a/b\":1,\"\xf0\x9f\x98\x80\":2}");
	expect_traits("{\"\":1,\"a\":{\"\":2,\"b\":{}}}", true, "{}");
}

static const struct traits_options plain_traits;

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
	assert_int_equal(traits_append(slice_from(traits), &plain_traits, true, &to), TRAITS_MAX);
	buf_clear(&to);
	memset(name, 'n', sizeof(name));
	snprintf(traits, sizeof(traits), "{\"%.*s\":1,\"%.*s\":2}", TRAITS_NAME_MAX, name,
	    TRAITS_NAME_MAX + 1, name);
	assert_int_equal(traits_append(slice_from(traits), &plain_traits, true, &to), 1);
	buf_clear(&to);
	/* at the maximum depth, and one level deeper */
	assert_int_equal(
	    traits_append(SLICE("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"b\":1,\"a\":"
				"{\"c\":1}}}}}}}}}"),
		&plain_traits, true, &to),
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
	o.send_date = o.unique_key = false;
	expect(&o, &in, BENTO_EVENTS, "{\"type\":\"Loaded a Page\",\"email\":\"a@b.cc\"}");
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

/* A browser's fields never make Bento act (acts.c); a server's do if the site allows it. */
static void
fields_that_bento_acts_on_come_from_servers_only(void **state)
{
	static const struct {
		const char *traits;
		const char *server; /* the fields that a server's call gets */
	} rows[] = {
		{ "{\"tags\":\"vip\"}", ",\"tags\":\"vip\"" },
		{ "{\"tags\":[\"lead\",7,null,\"mql\"]}", ",\"tags\":\"lead,7,mql\"" },
		{ "{\"tags\":[]}", "" },
		{ "{\"t\\u0061gs\":\"vip\"}", ",\"tags\":\"vip\"" },
		{ "{\"remove\":{\"tags\":\"x\"}}", ",\"remove_tags\":\"x\"" },
		{ "{\"labels\":\"x\"}", ",\"tags\":\"x\"" },
		{ "{\"Tags\":\"x\"}", ",\"Tags\":\"x\"" },
		{ "{\"tags\xe2\x80\x8b\":\"x\"}", ",\"tags\xe2\x80\x8b\":\"x\"" },
		{ "{\"\xef\xbd\x94"
		  "ags\":\"x\"}",
		    ",\"\xef\xbd\x94"
		    "ags\":\"x\"" },
		{ "{\"command\":\"unsubscribe\"}", ",\"command\":\"unsubscribe\"" },
		{ "{\"mail\":\"b@c.de\",\"Email\":\"b@c.de\"}", "" },
	};
	struct mapping_options o = open_site;
	char body[200], want[200];

	(void)state;
	o.identify = MAPPING_IDENTIFY_SUBSCRIBERS;
	assert_int_equal(trait_names_add(&o.fields, "labels=tags", NULL), 0);
	assert_int_equal(trait_names_add(&o.fields, "mail=email", NULL), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct mapping_input in;

		snprintf(body, sizeof(body), "{\"traits\":%s}", rows[i].traits);
		in = input(KIND_IDENTIFY, NULL, body);
		snprintf(want, sizeof(want), "{\"email\":\"a@b.cc\"%s}", rows[i].server);
		o.reserved = MAPPING_RESERVED_SERVER;
		expect(&o, &in, BENTO_SUBSCRIBERS, want);
		o.reserved = MAPPING_RESERVED_BLOCK;
		expect(&o, &in, BENTO_SUBSCRIBERS, "{\"email\":\"a@b.cc\"}");
		o.reserved = MAPPING_RESERVED_PASS;
		in.browser = true;
		expect(&o, &in, BENTO_SUBSCRIBERS, "{\"email\":\"a@b.cc\"}");
	}
}

/* The same in Bento's own format; of a member that occurs twice the last value counts. */
static void
members_that_bento_acts_on_come_from_servers_only(void **state)
{
	static const struct {
		const char *members, *server, *browser; /* members after type and address */
	} rows[] = {
		{ ",\"type\":\"$tag\",\"ty\\u0070e\":\"X\"", ",\"ty\\u0070e\":\"X\"",
		    ",\"ty\\u0070e\":\"X\"" },
		{ ",\"type\":\"X\",\"tags\":1,\"Email\":2",
		    ",\"type\":\"X\",\"tags\":1,\"Email\":2", ",\"type\":\"X\"" },
		{ ",\"type\":\"X\",\"fields\":{\"email\":\"b@b.cc\"}",
		    ",\"type\":\"X\",\"fields\":{\"email\":\"b@b.cc\"}",
		    ",\"type\":\"X\",\"fields\":{}" },
	};
	char body[100], want[100];

	(void)state;
	for (size_t i = 0; i < 2 * LENGTH(rows); i++) {
		bool browser = i % 2 == 1;
		struct mapping_input in;

		snprintf(body, sizeof(body), "{\"email\":\"a@b.cc\"%s}", rows[i / 2].members);
		snprintf(want, sizeof(want), "{\"email\":\"a@b.cc\"%s}",
		    browser ? rows[i / 2].browser : rows[i / 2].server);
		in = input(KIND_BENTO, "X", body);
		in.browser = browser;
		expect(&segment, &in, BENTO_EVENTS, want);
	}
}

/* A page may spell the type in any of these ways. */
static void
types_that_bento_acts_on_are_recognized(void **state)
{
	static const char *const types[] = { "$purchase", "$tag", "$remove_tag", "$subscribe",
		"$unsubscribe", "$update_fields", "$TAG", " $tag", "$tag ", "$tag\xe2\x80\x8b",
		"\xef\xbc\x84tag", "\xef\xb9\xa9tag", "$tag\xef\xbf\xbd", "$\xc2\xa0tag",
		"$tag\xef\xb8\x8f", "$t\xe1\xa0\x8b\x61g", "$tag\xf3\xa0\x81\xa1",
		"$\xef\xbf\xb9tag", "$\xc5\xbfubscribe" };
	struct mapping_options o = open_site;

	(void)state;
	snprintf(o.page, sizeof(o.page), "{name}");
	for (size_t i = 0; i < LENGTH(types); i++) {
		static const enum event_kind kinds[] = { KIND_TRACK, KIND_BENTO, KIND_PAGE };

		for (size_t k = 0; k < LENGTH(kinds); k++) {
			struct mapping_input in =
			    input(kinds[k], types[i], "{\"type\":\"x\",\"email\":\"a@b.cc\"}");

			in.browser = true;
			expect(&o, &in, BENTO_EVENTS, "reserved_type");
		}
	}
	assert_false(act_is(ACT_TYPE, SLICE("$custom")));
	assert_false(act_is(ACT_TYPE, SLICE("purchase")));
	assert_false(act_is(ACT_FIELD, SLICE("tagsx")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_forwarded_as_the_site_says),
		cmocka_unit_test(integrations_are_obeyed),
		cmocka_unit_test(integrations_are_obeyed_in_their_older_places),
		cmocka_unit_test(reserved_types_pass_as_the_site_says),
		cmocka_unit_test(traits_become_flat_fields),
		cmocka_unit_test(traits_have_their_bounds),
		cmocka_unit_test(each_kind_becomes_what_the_site_says),
		cmocka_unit_test(nothing_becomes_an_act_of_bento_by_its_name),
		cmocka_unit_test(fields_that_bento_acts_on_come_from_servers_only),
		cmocka_unit_test(members_that_bento_acts_on_come_from_servers_only),
		cmocka_unit_test(types_that_bento_acts_on_are_recognized),
		cmocka_unit_test(settings_read_what_they_print),
	};

	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
