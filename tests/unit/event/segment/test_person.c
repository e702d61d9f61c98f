/* event/segment/person and key: which address an event gets, and whose names. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "event/kind.h"
#include "event/segment/key.h"
#include "event/segment/person.h"

static struct json_value
string_value(const char *raw)
{
	return (struct json_value){ JSON_STRING, slice_from(raw) };
}

static void
put(struct person_place *place, const char *raw_key, const char *raw)
{
	struct json_value value = string_value(raw);

	person_place_take(place, slice_from(raw_key), &value);
}

static void
addresses_have_a_shape(void **state)
{
	static const char *const good[] = { "a@b.c", "ann@example.com", "a.b+c@d-e.example.org",
		"\xc3\xa9@\xc3\xa9.fr", "o'neil@x.ie", "a@b.c.d", "A@B.C" };
	static const char *const bad[] = { "", "a", "@", "a@", "@b.c", "a@b", "a@.b", "a@b.",
		"a@b@c.d", "a b@c.d", "a@b .c", "a@b.c ", " a@b.c", "a@b.c\n", "a\t@b.c",
		"a@b.\x7f", "a.b", "null", "a@@b.c", "a@." };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (!person_email_is_valid(slice_from(good[i])))
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (person_email_is_valid(slice_from(bad[i])))
			fail_msg("taken: %s", bad[i]);
	}
	assert_false(person_email_is_valid(SLICE("a\0b@c.d")));
	assert_false(person_email_is_valid(SLICE_NONE));
}

static void
addresses_have_at_most_254_bytes(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t n = 253; n <= 255; n++) {
		memcpy(text + n - 4, "@b.c", 4);
		assert_int_equal(person_email_is_valid((struct slice){ text, n }), n <= 254);
		memset(text + n - 4, 'x', 4);
	}
}

/* The first place in rank that has an address gives it, together with its own names. */
static void
the_person_goes_before_the_event(void **state)
{
	static const char *const emails[] = { "\"0@x.io\"", "\"1@x.io\"", "\"2@x.io\"",
		"\"3@x.io\"", "\"4@x.io\"" };
	static const char *const names[] = { "\"n0\"", "\"n1\"", "\"n2\"", "\"n3\"", "\"n4\"" };
	struct person_sources sources = { 0 };
	struct person person;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, PERSON_SCRATCH_MAX);
	for (unsigned i = 0; i < PERSON_PLACES; i++) {
		put(&sources.place[i], "\"email\"", emails[i]);
		put(&sources.place[i], "\"firstName\"", names[i]);
	}
	sources.user_id = string_value("\"u@x.io\"");
	for (unsigned i = 0; i < PERSON_PLACES; i++) {
		assert_int_equal(person_find(&sources, &scratch, &person), 0);
		assert_int_equal(person.where, i);
		assert_int_equal(person.email.p[0], '0' + i);
		assert_true(slice_equals(person.first_name, slice_from(names[i])));
		/* any value that is not an address is ignored */
		put(&sources.place[i], "\"email\"", i % 2 == 0 ? "\"nobody\"" : "\"\"");
	}
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_int_equal(person.where, PERSON_USER_ID);
	assert_true(SLICE_IS(person.email, "u@x.io"));
	assert_true(SLICE_IS(person.first_name, "\"n1\""));
	sources.user_id = string_value("\"u-17\"");
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_int_equal(person.where, PERSON_NOBODY);
	assert_null(person.email.p);
	assert_true(SLICE_IS(person.first_name, "\"n1\""));
	sources.place[PERSON_CONTEXT_TRAITS] = (struct person_place){ 0 };
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_true(SLICE_IS(person.first_name, "\"n2\""));
	buf_free(&scratch);
}

static void
only_strings_are_addresses_and_names(void **state)
{
	struct person_sources sources = { 0 };
	struct person_place *top = &sources.place[PERSON_TOP];
	struct person person;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, PERSON_SCRATCH_MAX);
	top->email = (struct json_value){ JSON_ARRAY, SLICE("[\"a@b.c\"]") };
	sources.user_id = (struct json_value){ JSON_NUMBER, SLICE("17") };
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_null(person.email.p);
	put(top, "\"email\"", "\"a@b.c\"");
	top->first_name = (struct json_value){ JSON_NUMBER, SLICE("17") };
	put(top, "\"first_name\"", "\"Ann\"");
	put(top, "\"lastName\"", "\"\"");
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_true(SLICE_IS(person.first_name, "\"Ann\""));
	assert_null(person.last_name.p);
	put(top, "\"last_name\"", "\"Other\"");
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_true(SLICE_IS(person.last_name, "\"Other\""));
	put(top, "\"lastName\"", "\"Camel\"");
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_true(SLICE_IS(person.last_name, "\"Camel\""));
	buf_free(&scratch);
}

static void
the_last_of_several_keys_counts(void **state)
{
	struct person_place place = { 0 };

	(void)state;
	put(&place, "\"email\"", "\"first@x.io\"");
	put(&place, "\"em\\u0061il\"", "\"second@x.io\"");
	put(&place, "\"Email\"", "\"third@x.io\"");
	put(&place, "\"emails\"", "\"fourth@x.io\"");
	assert_true(SLICE_IS(place.email.raw, "\"third@x.io\""));
}

static void
escaped_addresses_are_decoded_and_bounded(void **state)
{
	struct person_sources sources = { 0 };
	struct person person;
	struct buf scratch, raw;

	(void)state;
	buf_init(&scratch, PERSON_SCRATCH_MAX);
	buf_init(&raw, 10000);
	buf_append_literal(&scratch, "kept");
	put(&sources.place[PERSON_TOP], "\"email\"", "\"ann\\u0040x.io\"");
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_true(SLICE_IS(person.email, "ann@x.io"));
	assert_int_equal(scratch.n, 4 + 8);
	/* without an address: scratch is unchanged */
	put(&sources.place[PERSON_TOP], "\"email\"", "\"ann\\u0040x\"");
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_int_equal(scratch.n, 4 + 8);
	/* 254 bytes, each escaped, fit; a longer text is not decoded */
	buf_append_byte(&raw, '"');
	for (int i = 0; i < 250; i++)
		buf_append_literal(&raw, "\\u0061");
	buf_append_literal(&raw, "\\u0040\\u0062\\u002e\\u0063\"");
	put(&sources.place[PERSON_TOP], "\"email\"", raw.p);
	buf_clear(&scratch);
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_int_equal(person.email.n, 254);
	buf_clear(&raw);
	buf_append_byte(&raw, '"');
	for (int i = 0; i < 1000; i++)
		buf_append_literal(&raw, "\\u0061");
	buf_append_literal(&raw, "@b.c\"");
	put(&sources.place[PERSON_TOP], "\"email\"", raw.p);
	assert_int_equal(person_find(&sources, &scratch, &person), 0);
	assert_null(person.email.p);
	/* a scratch that is too small is reported differently from "no address" */
	put(&sources.place[PERSON_TOP], "\"email\"", "\"ann\\u0040x.io\"");
	buf_free(&scratch);
	buf_init(&scratch, 4);
	assert_int_equal(person_find(&sources, &scratch, &person), -1);
	buf_free(&scratch);
	buf_free(&raw);
}

static void
keys_are_told_apart(void **state)
{
	static const struct {
		const char *raw;
		enum event_key key;
	} rows[] = {
		{ "\"type\"", KEY_TYPE },
		{ "\"event\"", KEY_EVENT },
		{ "\"name\"", KEY_NAME },
		{ "\"userId\"", KEY_USER_ID },
		{ "\"messageId\"", KEY_MESSAGE_ID },
		{ "\"timestamp\"", KEY_TIMESTAMP },
		{ "\"originalTimestamp\"", KEY_ORIGINAL_TIMESTAMP },
		{ "\"sentAt\"", KEY_SENT_AT },
		{ "\"writeKey\"", KEY_WRITE_KEY },
		{ "\"properties\"", KEY_PROPERTIES },
		{ "\"traits\"", KEY_TRAITS },
		{ "\"context\"", KEY_CONTEXT },
		{ "\"integrations\"", KEY_INTEGRATIONS },
		{ "\"batch\"", KEY_BATCH },
		{ "\"email\"", KEY_EMAIL },
		{ "\"firstName\"", KEY_FIRST_NAME },
		{ "\"lastName\"", KEY_LAST_NAME },
		{ "\"first_name\"", KEY_FIRST_NAME_SNAKE },
		{ "\"last_name\"", KEY_LAST_NAME_SNAKE },
		{ "\"options\"", KEY_OPTIONS },
		{ "\"providers\"", KEY_PROVIDERS },
		{ "\"all\"", KEY_ALL },
		{ "\"unique\"", KEY_UNIQUE },
		{ "\"uniqu\\u0065\"", KEY_UNIQUE },
		{ "\"Unique\"", KEY_OTHER },
		{ "\"\"", KEY_OTHER },
		{ "\"x\"", KEY_OTHER },
		{ "\"Type\"", KEY_OTHER },
		{ "\"userid\"", KEY_OTHER },
		{ "\"typ\\n\"", KEY_OTHER },
		{ "\"\\u0074ype\"", KEY_TYPE },
		{ "\"nam\\u0065\"", KEY_NAME },
		{ "\"\\u0061ll\"", KEY_ALL },
		{ "\"\\u006f\\u0072iginalTimestam\\u0070\"", KEY_ORIGINAL_TIMESTAMP },
		{ "\"\\u0074ypes\"", KEY_OTHER },
		{ "\"a key with \\\"quotes\\\"\"", KEY_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (event_key(slice_from(rows[i].raw)) != rows[i].key)
			fail_msg("%s is %d", rows[i].raw, (int)event_key(slice_from(rows[i].raw)));
	}
}

static void
kinds_and_statuses_read_what_they_print(void **state)
{
	enum event_status status = STATUS_HELD;

	(void)state;
	for (unsigned k = 0; k < KIND_UNKNOWN; k++)
		assert_int_equal(kind_parse(slice_from(kind_name((enum event_kind)k))), k);
	assert_int_equal(kind_parse(SLICE("TRACK")), KIND_TRACK);
	assert_int_equal(kind_parse(SLICE("Identify")), KIND_IDENTIFY);
	assert_int_equal(kind_parse(SLICE("tracks")), KIND_UNKNOWN);
	assert_int_equal(kind_parse(SLICE("trac")), KIND_UNKNOWN);
	assert_int_equal(kind_parse(SLICE("unknown")), KIND_UNKNOWN);
	assert_int_equal(kind_parse(SLICE("")), KIND_UNKNOWN);
	assert_int_equal(kind_parse(SLICE_NONE), KIND_UNKNOWN);
	assert_string_equal(kind_name(KIND_UNKNOWN), "unknown");
	for (unsigned s = 0; s < STATUS_COUNT; s++) {
		assert_int_equal(
		    status_parse(slice_from(status_name((enum event_status)s)), &status), 0);
		assert_int_equal(status, s);
	}
	assert_int_equal(status_parse(SLICE("Pending"), &status), -1);
	assert_int_equal(status_parse(SLICE("pend"), &status), -1);
	assert_int_equal(status_parse(SLICE_NONE, &status), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_a_shape),
		cmocka_unit_test(addresses_have_at_most_254_bytes),
		cmocka_unit_test(the_person_goes_before_the_event),
		cmocka_unit_test(only_strings_are_addresses_and_names),
		cmocka_unit_test(the_last_of_several_keys_counts),
		cmocka_unit_test(escaped_addresses_are_decoded_and_bounded),
		cmocka_unit_test(keys_are_told_apart),
		cmocka_unit_test(kinds_and_statuses_read_what_they_print),
	};

	return cmocka_run_group_tests_name("person", tests, NULL, NULL);
}
