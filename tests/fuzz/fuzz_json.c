/*
 * event/json: for any input the reader stays within bounds, is consistent with itself, and agrees
 * with cJSON.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "event/json/json.h"

/* Checks with quadratic cost run only on inputs up to these sizes. */
#define SMALL 512

struct seen {
	size_t longest_number;
};

static int
accepts(struct slice text, struct json_value *ret_value, size_t *ret_offset)
{
	struct json j;
	int rc;

	json_init(&j, text, JSON_MAX_DEPTH);
	rc = json_skip(&j, ret_value) == 0 && json_finish(&j) == 0;
	*ret_offset = json_offset(&j);
	FUZZ_CHECK(*ret_offset <= text.n);
	FUZZ_CHECK((j.error == NULL) == (rc != 0));
	return rc;
}

/* The decoded text of a string survives writing and reading. */
static void
check_string(struct slice raw)
{
	struct slice text, again;
	struct buf scratch, copy;

	buf_init(&scratch, raw.n);
	FUZZ_CHECK(json_string_decode(raw, &scratch, &text) == 0);
	FUZZ_CHECK(text.n <= raw.n - 2);
	FUZZ_CHECK(text.n == 0 || memchr(text.p, '\0', text.n) == NULL);
	buf_init(&copy, 6 * text.n + 2);
	json_string_append(&copy, text);
	FUZZ_CHECK(!copy.failed);
	{
		struct buf scratch2;

		buf_init(&scratch2, copy.n);
		FUZZ_CHECK(json_string_decode(buf_slice(&copy), &scratch2, &again) == 0);
		FUZZ_CHECK(slice_equals(text, again));
		buf_free(&scratch2);
	}
	if (text.n < SMALL) {
		char terminated[SMALL];

		if (text.n > 0)
			memcpy(terminated, text.p, text.n);
		terminated[text.n] = '\0';
		FUZZ_CHECK(json_string_is(raw, terminated));
		terminated[text.n / 2] ^= 1;
		FUZZ_CHECK(text.n == 0 || !json_string_is(raw, terminated));
	}
	buf_free(&copy);
	buf_free(&scratch);
}

/* A value on its own is JSON, too, with the same type and length. */
static void
check_value(struct slice text, const struct json_value *value, struct seen *seen)
{
	struct json_value again;
	size_t offset;

	FUZZ_CHECK(value->raw.n > 0);
	FUZZ_CHECK(value->raw.p >= text.p && value->raw.p + value->raw.n <= text.p + text.n);
	if (text.n <= SMALL) {
		FUZZ_CHECK(accepts(value->raw, &again, &offset));
		FUZZ_CHECK(again.type == value->type);
		FUZZ_CHECK(again.raw.p == value->raw.p && again.raw.n == value->raw.n);
	}
	if (value->type == JSON_STRING)
		check_string(value->raw);
	if (value->type == JSON_NUMBER && value->raw.n > seen->longest_number)
		seen->longest_number = value->raw.n;
}

/* Enters every container, down to JSON_MAX_DEPTH. */
static int
walk(struct slice text, struct json *j, struct seen *seen)
{
	enum json_type type = json_peek(j);
	struct json_value value = { type, { j->p, 0 } };
	struct slice key;
	int more;

	if (type != JSON_OBJECT && type != JSON_ARRAY) {
		if (json_skip(j, &value) != 0)
			return -1;
		check_value(text, &value, seen);
		return 0;
	}
	if ((type == JSON_OBJECT ? json_object_begin(j) : json_array_begin(j)) != 0)
		return -1;
	while ((more = type == JSON_OBJECT ? json_object_next(j, &key) : json_array_next(j)) > 0) {
		if (type == JSON_OBJECT)
			check_string(key);
		if (walk(text, j, seen) != 0)
			return -1;
	}
	value.raw.n = (size_t)(j->p - value.raw.p);
	if (more == 0)
		check_value(text, &value, seen);
	return more;
}

/* Only a number can still be valid when its end is cut off. */
static void
check_beginnings(struct slice text, const struct json_value *value)
{
	struct json_value ignored;
	size_t offset;

	if (value->type == JSON_NUMBER || text.n > SMALL)
		return;
	for (size_t n = 0; n < (size_t)(value->raw.p - text.p) + value->raw.n; n++)
		FUZZ_CHECK(!accepts((struct slice){ text.p, n }, &ignored, &offset));
}

static bool
has_unicode_escape(struct slice text)
{
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (text.p[i] == '\\' && text.p[i + 1] == 'u')
			return true;
	}
	return false;
}

/*
 * cJSON must accept what the reader accepts. Two kinds of texts are not compared, because cJSON
 * refuses some of them: texts with \u escapes (lone surrogates) and long numbers (from 64
 * characters).
 */
static void
check_cjson(struct slice text, const struct seen *seen)
{
	cJSON *tree;

	if (seen->longest_number > 60 || has_unicode_escape(text))
		return;
	tree = cJSON_ParseWithLength(text.p, text.n);
	FUZZ_CHECK(tree != NULL);
	cJSON_Delete(tree);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct seen seen = { 0 };
	struct json_value value;
	struct json j;
	size_t offset;
	int accepted = accepts(text, &value, &offset);

	json_init(&j, text, JSON_MAX_DEPTH);
	FUZZ_CHECK(accepted == (walk(text, &j, &seen) == 0 && json_finish(&j) == 0));
	FUZZ_CHECK(json_offset(&j) == offset);
	if (!accepted)
		return 0;
	check_beginnings(text, &value);
	check_cjson(text, &seen);
	return 0;
}
