/* event/json: what is JSON and what is not, the position of errors, and the meaning of strings. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "event/json/json.h"
#include "unit/event/json/json_table.h"

/* Copies the text to the heap, without a byte behind it, so that sanitizers detect a read past
 * it. */
static struct slice
copy_of(const void *p, size_t n)
{
	char *copy = malloc(n == 0 ? 1 : n);

	assert_non_null(copy);
	memcpy(copy, p, n);
	return (struct slice){ copy, n };
}

static void
drop_copy(struct slice s)
{
	union {
		const char *c;
		void *v;
	} p = { .c = s.p };

	free(p.v);
}

/* Returns the position of the error, or -1. */
static int
skip_all(struct slice text)
{
	struct json_value value;
	struct json j;

	json_init(&j, text, JSON_MAX_DEPTH);
	if (json_skip(&j, &value) == 0 && json_finish(&j) == 0) {
		assert_null(j.error);
		return -1;
	}
	assert_non_null(j.error);
	assert_true(json_offset(&j) <= text.n);
	return (int)json_offset(&j);
}

/* Like skip_all, but enters every container; recursion is safe at this depth. */
static int
walk(struct json *j)
{
	struct json_value value;
	struct slice key;
	int more;

	switch (json_peek(j)) {
	case JSON_OBJECT:
		assert_int_equal(json_object_begin(j), 0);
		while ((more = json_object_next(j, &key)) > 0) {
			assert_true(key.n >= 2 && key.p[0] == '"' && key.p[key.n - 1] == '"');
			if (walk(j) != 0)
				return -1;
		}
		return more;
	case JSON_ARRAY:
		assert_int_equal(json_array_begin(j), 0);
		while ((more = json_array_next(j)) > 0) {
			if (walk(j) != 0)
				return -1;
		}
		return more;
	case JSON_NONE:
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_NUMBER:
	case JSON_STRING:
		break;
	}
	return json_skip(j, &value);
}

static int
walk_all(struct slice text)
{
	struct json j;

	json_init(&j, text, JSON_MAX_DEPTH);
	return walk(&j) == 0 && json_finish(&j) == 0 ? -1 : (int)json_offset(&j);
}

static void
every_row_is_taken_or_refused_at_its_byte(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(json_rows) / sizeof(*json_rows); i++) {
		const struct json_row *row = &json_rows[i];
		struct slice text = copy_of(row->text, row->n);
		int skipped = skip_all(text), walked = walk_all(text);

		if (skipped != row->offset || walked != row->offset) {
			print_error("row %zu: %.*s: %d by skipping, %d by walking, not %d\n", i,
			    (int)row->n, row->text, skipped, walked, row->offset);
			wrong++;
		}
		drop_copy(text);
	}
	assert_int_equal(wrong, 0);
}

/* The same at every position in words of 8 and of 16 bytes. */
static void
special_bytes_are_seen_at_every_place(void **state)
{
	static const unsigned char bad[] = { 0, 1, 0x1f, 0x80, 0xff, 0xc0, 0xed };
	char text[64];

	(void)state;
	for (size_t n = 1; n < 40; n++) {
		for (size_t at = 0; at < n; at++) {
			struct slice s;

			memset(text, 'x', sizeof(text));
			text[0] = '"';
			text[n + 1] = '"';
			for (size_t i = 0; i < sizeof(bad); i++) {
				text[1 + at] = (char)bad[i];
				s = copy_of(text, n + 2);
				assert_int_equal(skip_all(s), 1 + at);
				drop_copy(s);
			}
			text[1 + at] = '"';
			s = copy_of(text, n + 2);
			assert_int_equal(skip_all(s), 2 + at);
			drop_copy(s);
			text[1 + at] = '\x7f';
			s = copy_of(text, n + 2);
			assert_int_equal(skip_all(s), -1);
			drop_copy(s);
			text[1 + at] = '\\'; /* before an x, or the closing quote */
			s = copy_of(text, n + 2);
			assert_int_equal(skip_all(s), at + 1 < n ? 2 + at : n + 2);
			drop_copy(s);
		}
	}
}

static void
a_text_cut_anywhere_is_refused(void **state)
{
	static const char text[] = "{\"a\":[1,2.5e3,true,{\"b\\n\":null}],\"\xc3\xa9\":\"\\u00e9 "
				   "and some more text\",\"c\":{}}";

	(void)state;
	assert_int_equal(skip_all(SLICE(text)), -1);
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct slice cut = copy_of(text, n);

		assert_int_not_equal(skip_all(cut), -1);
		drop_copy(cut);
	}
}

static struct slice
nested(char open, unsigned depth)
{
	char *text = malloc(2 * (size_t)depth);

	assert_non_null(text);
	memset(text, open, depth);
	memset(text + depth, open == '[' ? ']' : '}', depth);
	return (struct slice){ text, 2 * (size_t)depth };
}

static void
nesting_stops_at_the_limit(void **state)
{
	struct json_value value;
	struct slice text;
	struct json j;

	(void)state;
	for (unsigned depth = 1; depth <= 10000; depth = depth < 200 ? depth + 1 : depth * 10) {
		text = nested('[', depth);
		json_init(&j, text, 1000000);
		if (depth <= JSON_MAX_DEPTH) {
			assert_int_equal(json_skip(&j, &value), 0);
			assert_int_equal(json_finish(&j), 0);
		} else {
			assert_int_equal(json_skip(&j, &value), -1);
			assert_string_equal(j.error, "nested too deeply");
			assert_int_equal(json_offset(&j), JSON_MAX_DEPTH);
		}
		drop_copy(text);
	}
	text = nested('[', 10000);
	json_init(&j, text, 3);
	assert_int_equal(json_skip(&j, &value), -1);
	assert_string_equal(j.error, "nested too deeply");
	assert_int_equal(json_offset(&j), 3);
	drop_copy(text);
}

static void
nesting_counts_what_the_caller_opened(void **state)
{
	struct json_value value;
	struct slice key;
	struct json j;

	(void)state;
	json_init(&j, SLICE("{\"a\":[[1]]}"), 3);
	assert_int_equal(json_object_begin(&j), 0);
	assert_int_equal(json_object_next(&j, &key), 1);
	assert_int_equal(json_skip(&j, &value), 0);
	json_init(&j, SLICE("{\"a\":[[1]]}"), 2);
	assert_int_equal(json_object_begin(&j), 0);
	assert_int_equal(json_object_next(&j, &key), 1);
	assert_int_equal(json_skip(&j, &value), -1);
	assert_string_equal(j.error, "nested too deeply");
	json_init(&j, SLICE("{}"), 0);
	assert_int_equal(json_object_begin(&j), -1);
}

static void
values_are_slices_without_white_space(void **state)
{
	static const char text[] = " { \"a\" :\t[ 1 , 2 ] , \"b\\u0063\":-1.10e2 , \"d\" : null } ";
	struct json_value value;
	struct slice key;
	struct json j;

	(void)state;
	json_init(&j, SLICE(text), JSON_MAX_DEPTH);
	assert_int_equal(json_object_begin(&j), 0);
	assert_int_equal(json_object_next(&j, &key), 1);
	assert_true(SLICE_IS(key, "\"a\""));
	assert_int_equal(json_peek(&j), JSON_ARRAY);
	assert_int_equal(*j.p, '[');
	assert_int_equal(json_skip(&j, &value), 0);
	assert_int_equal(value.type, JSON_ARRAY);
	assert_true(SLICE_IS(value.raw, "[ 1 , 2 ]"));
	assert_int_equal(json_object_next(&j, &key), 1);
	assert_true(json_string_is(key, "bc"));
	assert_int_equal(json_skip(&j, &value), 0);
	assert_int_equal(value.type, JSON_NUMBER);
	assert_true(SLICE_IS(value.raw, "-1.10e2"));
	assert_int_equal(json_object_next(&j, &key), 1);
	assert_int_equal(json_skip(&j, &value), 0);
	assert_int_equal(value.type, JSON_NULL);
	assert_int_equal(json_object_next(&j, &key), 0);
	assert_int_equal(json_finish(&j), 0);
	assert_int_equal(json_offset(&j), sizeof(text) - 1);
}

static void
the_first_error_stays(void **state)
{
	struct json_value value = { JSON_NONE, SLICE_NONE };
	struct slice key = SLICE_NONE;
	struct json j;

	(void)state;
	json_init(&j, SLICE("[1,x,{\"a\":2}]"), JSON_MAX_DEPTH);
	assert_int_equal(json_array_begin(&j), 0);
	assert_int_equal(json_array_next(&j), 1);
	assert_int_equal(json_object_begin(&j), -1);
	assert_string_equal(j.error, "an object is expected here");
	assert_int_equal(json_offset(&j), 1);
	assert_int_equal(json_array_next(&j), -1);
	assert_int_equal(json_object_next(&j, &key), -1);
	assert_int_equal(json_skip(&j, &value), -1);
	assert_int_equal(json_array_begin(&j), -1);
	assert_int_equal(json_peek(&j), JSON_NONE);
	assert_int_equal(json_finish(&j), -1);
	assert_string_equal(j.error, "an object is expected here");
	assert_int_equal(json_offset(&j), 1);
	/* outputs do not change */
	assert_int_equal(value.type, JSON_NONE);
	assert_null(key.p);
	json_init(&j, SLICE("[1]"), JSON_MAX_DEPTH);
	assert_int_equal(json_array_begin(&j), 0);
	assert_int_equal(json_finish(&j), -1);
	json_init(&j, SLICE("["), JSON_MAX_DEPTH);
	assert_int_equal(json_array_begin(&j), 0);
	assert_int_equal(json_finish(&j), -1);
	json_init(&j, SLICE_NONE, JSON_MAX_DEPTH);
	assert_int_equal(json_peek(&j), JSON_NONE);
	assert_int_equal(json_offset(&j), 0);
}

static void
strings_mean_what_their_escapes_say(void **state)
{
	static const struct {
		const char *raw;
		const char *text;
	} rows[] = {
		{ "\"\"", "" },
		{ "\"plain\"", "plain" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"a\\u0041z\"", "aAz" },
		{ "\"\\u00e9\\u20AC\"", "\xc3\xa9\xe2\x82\xac" },
		{ "\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!" },
		{ "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf" },
		{ "\"\xc3\xa9\\n\xe2\x82\xac\"", "\xc3\xa9\n\xe2\x82\xac" },
		{ "\"a\\u0000b\"", "a\xef\xbf\xbd"
				   "b" },
		{ "\"\\ud83d\"", "\xef\xbf\xbd" },
		{ "\"\\ude00x\"", "\xef\xbf\xbdx" },
		{ "\"\\ud83d\\n\"", "\xef\xbf\xbd\n" },
		{ "\"\\ud83d\\ue000\"", "\xef\xbf\xbd\xee\x80\x80" },
		{ "\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
					"A" },
		{ "\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
		{ "\"\\\\u0041\"", "\\u0041" },
	};
	struct buf scratch;
	struct slice text;

	(void)state;
	buf_init(&scratch, 1000);
	buf_append_literal(&scratch, "kept");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct slice raw = copy_of(rows[i].raw, strlen(rows[i].raw));

		assert_int_equal(skip_all(raw), -1);
		assert_int_equal(json_string_decode(raw, &scratch, &text), 0);
		if (!slice_equals(text, slice_from(rows[i].text)))
			fail_msg("%s is %.*s", rows[i].raw, (int)text.n, text.p);
		assert_true(json_string_is(raw, rows[i].text));
		assert_false(json_string_is(raw, "something else"));
		assert_false(json_string_is(raw, "a"));
		drop_copy(raw);
	}
	assert_memory_equal(scratch.p, "kept", 4);
	buf_free(&scratch);
}

static void
a_string_is_told_from_its_beginnings(void **state)
{
	(void)state;
	assert_true(json_string_is(SLICE("\"\\u0075nique\""), "unique"));
	assert_true(json_string_is(SLICE("\"uniqu\\u0065\""), "unique"));
	assert_false(json_string_is(SLICE("\"\\u0075niqu\""), "unique"));
	assert_false(json_string_is(SLICE("\"\\u0075niques\""), "unique"));
	assert_false(json_string_is(SLICE("\"\\u0055nique\""), "unique"));
	assert_false(json_string_is(SLICE("\"uniques\""), "unique"));
	assert_false(json_string_is(SLICE("\"uniqu\""), "unique"));
	assert_true(json_string_is(SLICE("\"\""), ""));
	assert_false(json_string_is(SLICE("\"\\n\""), ""));
}

static void
decoding_copies_only_where_it_must_and_stops_when_full(void **state)
{
	static const char raw[] = "\"1234\"";
	struct slice text = SLICE_NONE;
	struct buf scratch;

	(void)state;
	buf_init(&scratch, 4);
	assert_int_equal(json_string_decode(SLICE(raw), &scratch, &text), 0);
	assert_ptr_equal(text.p, raw + 1);
	assert_int_equal(scratch.n, 0);
	assert_int_equal(json_string_decode(SLICE("\"12\\n\""), &scratch, &text), 0);
	assert_true(SLICE_IS(text, "12\n"));
	assert_ptr_equal(text.p, scratch.p);
	text = SLICE_NONE;
	assert_int_equal(json_string_decode(SLICE("\"\\n\""), &scratch, &text), -1);
	assert_null(text.p);
	assert_true(scratch.failed);
	buf_free(&scratch);
}

static void
appended_strings_read_back(void **state)
{
	static const struct {
		struct slice text;
		const char *raw;
	} rows[] = {
		{ SLICE(""), "\"\"" },
		{ { NULL, 0 }, "\"\"" },
		{ SLICE("plain text, long enough for two words"),
		    "\"plain text, long enough for two words\"" },
		{ SLICE("\"\\/\b\f\n\r\t\x01\x1f\x7f"),
		    "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"" },
		{ SLICE("a\0b"), "\"a\\u0000b\"" },
		{ SLICE("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
		{ SLICE("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ SLICE("\xed\xa0\x80!"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd!\"" },
	};
	struct buf to;

	(void)state;
	buf_init(&to, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&to);
		json_string_append(&to, rows[i].text);
		assert_string_equal(to.p, rows[i].raw);
		assert_int_equal(skip_all(buf_slice(&to)), -1);
	}
	buf_free(&to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_taken_or_refused_at_its_byte),
		cmocka_unit_test(special_bytes_are_seen_at_every_place),
		cmocka_unit_test(a_text_cut_anywhere_is_refused),
		cmocka_unit_test(nesting_stops_at_the_limit),
		cmocka_unit_test(nesting_counts_what_the_caller_opened),
		cmocka_unit_test(values_are_slices_without_white_space),
		cmocka_unit_test(the_first_error_stays),
		cmocka_unit_test(strings_mean_what_their_escapes_say),
		cmocka_unit_test(a_string_is_told_from_its_beginnings),
		cmocka_unit_test(decoding_copies_only_where_it_must_and_stops_when_full),
		cmocka_unit_test(appended_strings_read_back),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
