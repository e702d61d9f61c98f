/* event/mapping/mapping_text: the text that an attempt keeps of its mapping says all of it, and a
 * text that another version wrote is refused as a whole. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "event/mapping/mapping.h"

static void
describe(const struct mapping_options *o, char *to, size_t size)
{
	struct buf text;

	buf_init(&text, 65536);
	mapping_describe(o, &text);
	assert_false(text.failed);
	snprintf(to, size, "%s", text.p);
	buf_free(&text);
}

/* The options have this text, and the text gives the same options again. */
static void
check_text(const struct mapping_options *o, const char *text)
{
	char described[4096], again[4096];
	struct mapping_options read;

	describe(o, described, sizeof(described));
	assert_string_equal(described, text);
	assert_int_equal(mapping_parse(slice_from(text), &read), 0);
	assert_memory_equal(&read, o, sizeof(read));
	describe(&read, again, sizeof(again));
	assert_string_equal(again, text);
}

#define PLAIN "\"unique_key\":false,\"send_date\":false"

static void
each_option_is_in_the_text(void **state)
{
	struct mapping_options o = { .unique_key = true, .send_date = true };

	(void)state;
	check_text(&o, "{\"unique_key\":true,\"send_date\":true}");
	o = (struct mapping_options){ .forward = true };
	check_text(&o, "{\"forward\":true," PLAIN "}");
	o = (struct mapping_options){ .identify = MAPPING_IDENTIFY_UPDATE_FIELDS };
	check_text(&o, "{" PLAIN ",\"identify\":\"update_fields\"}");
	o = (struct mapping_options){ .reserved = MAPPING_RESERVED_BLOCK };
	check_text(&o, "{" PLAIN ",\"reserved_types\":\"block\"}");
	o = (struct mapping_options){ .reserved = MAPPING_RESERVED_PASS };
	check_text(&o, "{" PLAIN ",\"reserved_types\":\"pass\"}");
	o = (struct mapping_options){ .omit_arrays = true, .change_email = true };
	check_text(&o, "{" PLAIN ",\"arrays\":\"omit\",\"alias\":\"change_email\"}");
	o = (struct mapping_options){
		.page = "Viewed \"{name}\"", .screen = "S", .group = "G", .integration = "B"
	};
	check_text(&o,
	    "{" PLAIN ",\"page\":\"Viewed \\\"{name}\\\"\",\"screen\":\"S\",\"group\":\"G\","
	    "\"integration_name\":\"B\"}");
}

static void
lists_are_in_the_text(void **state)
{
	struct mapping_options o = { .unique_key = false }, read;
	char text[4096];

	(void)state;
	assert_int_equal(trait_names_add(&o.fields, "labels=tags", NULL), 0);
	assert_int_equal(trait_names_add(&o.fields, "internal=", NULL), 0);
	assert_int_equal(rules_add(&o.rules, "Order Completed => as $purchase", NULL), 0);
	assert_int_equal(rules_add(&o.rules, "Order* => tag buyer", NULL), 0);
	describe(&o, text, sizeof(text));
	assert_string_equal(text,
	    "{" PLAIN ",\"fields\":[\"labels=tags\",\"internal=\"],"
	    "\"rules\":[\"Order Completed => as $purchase\",\"Order* => tag buyer\"]}");
	assert_int_equal(mapping_parse(slice_from(text), &read), 0);
	assert_int_equal(read.rules.n, 2);
	assert_int_equal(read.fields.n, 2);
	assert_string_equal(read.rules.rule[1].text, o.rules.rule[1].text);
}

static void
a_text_of_another_version_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{" PLAIN "} ",
		"{}",
		"{\"unique_key\":true}",
		"{\"send_date\":true}",
		"{\"unique_key\":1,\"send_date\":true}",
		"{" PLAIN ",\"forward\":1}",
		"{" PLAIN ",\"newer\":true}",
		"{" PLAIN ",\"identify\":\"later\"}",
		"{" PLAIN ",\"identify\":1}",
		"{" PLAIN ",\"reserved_types\":\"later\"}",
		"{" PLAIN ",\"reserved_types\":1}",
		"{" PLAIN ",\"arrays\":\"later\"}",
		"{" PLAIN ",\"arrays\":1}",
		"{" PLAIN ",\"alias\":\"later\"}",
		"{" PLAIN ",\"alias\":1}",
		"{" PLAIN ",\"page\":1}",
		"{" PLAIN ",\"screen\":[]}",
		"{" PLAIN ",\"group\":{}}",
		"{" PLAIN ",\"integration_name\":true}",
		"{" PLAIN ",\"fields\":\"a=b\"}",
		"{" PLAIN ",\"fields\":[1]}",
		"{" PLAIN ",\"fields\":[\"no sign\"]}",
		"{" PLAIN ",\"rules\":\"a => drop\"}",
		"{" PLAIN ",\"rules\":[1]}",
		"{" PLAIN ",\"rules\":[\"a => do what I mean\"]}",
	};
	struct mapping_options read = { .page = "as before" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (mapping_parse(slice_from(texts[i]), &read) != -1)
			fail_msg("taken: %s", texts[i]);
	assert_string_equal(read.page, "as before");
}

static void
a_name_has_room_up_to_its_limit(void **state)
{
	char name[MAPPING_NAME_SIZE + 1], text[2 * MAPPING_NAME_SIZE + 100];
	struct mapping_options read;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[MAPPING_NAME_SIZE - 1] = '\0';
	snprintf(text, sizeof(text), "{" PLAIN ",\"page\":\"%s\"}", name);
	assert_int_equal(mapping_parse(slice_from(text), &read), 0);
	assert_string_equal(read.page, name);
	name[MAPPING_NAME_SIZE - 1] = 'x';
	name[MAPPING_NAME_SIZE] = '\0';
	snprintf(text, sizeof(text), "{" PLAIN ",\"page\":\"%s\"}", name);
	assert_int_equal(mapping_parse(slice_from(text), &read), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_is_in_the_text),
		cmocka_unit_test(lists_are_in_the_text),
		cmocka_unit_test(a_text_of_another_version_is_refused),
		cmocka_unit_test(a_name_has_room_up_to_its_limit),
	};

	return cmocka_run_group_tests_name("mapping_text", tests, NULL, NULL);
}
