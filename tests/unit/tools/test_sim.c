/* The pure parts of the simulator: limiter, memory of keys, globs, heads, queries, Basic
 * credentials. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "sim/fault.h"
#include "sim/http.h"
#include "sim/limit.h"
#include "sim/unique.h"

static void
limit_passes_again_when_the_oldest_leaves_the_window(void **state)
{
	struct limit l;
	int64_t wait = 0;

	(void)state;
	assert_int_equal(limit_init(&l, 2, 1000, 0, NULL), 0);
	assert_true(limit_pass(&l, 5000, &wait));
	assert_true(limit_pass(&l, 5400, &wait));
	assert_false(limit_pass(&l, 5999, &wait));
	assert_int_equal(wait, 1);
	/* refused requests do not count */
	assert_true(limit_pass(&l, 6000, &wait));
	assert_false(limit_pass(&l, 6399, &wait));
	assert_true(limit_pass(&l, 6400, &wait));
	limit_free(&l);
}

static void
limit_refuses_everything_for_the_penalty(void **state)
{
	struct limit l;
	int64_t wait = 0;

	(void)state;
	assert_int_equal(limit_init(&l, 1, 10, 500, NULL), 0);
	assert_true(limit_pass(&l, 0, &wait));
	assert_false(limit_pass(&l, 5, &wait));
	assert_int_equal(wait, 500);
	assert_false(limit_pass(&l, 504, &wait));
	assert_int_equal(wait, 1);
	assert_true(limit_pass(&l, 505, &wait));
	limit_free(&l);
}

static void
limit_of_zero_is_none(void **state)
{
	struct limit l;
	int64_t wait;

	(void)state;
	assert_int_equal(limit_init(&l, 0, 1000, 0, NULL), 0);
	for (int i = 0; i < 100; i++)
		assert_true(limit_pass(&l, 0, &wait));
	limit_free(&l);
}

static uint64_t
hash_of(unsigned n)
{
	char text[16];
	struct slice part = { text, (size_t)snprintf(text, sizeof(text), "%u", n) };

	return unique_hash(&part, 1);
}

static void
unique_remembers_at_least_the_last_half(void **state)
{
	struct unique u;

	(void)state;
	assert_int_equal(unique_init(&u, 1000, NULL), 0);
	for (unsigned n = 0; n < 20000; n++) {
		assert_false(unique_has(&u, hash_of(n)));
		unique_add(&u, hash_of(n));
		assert_true(unique_has(&u, hash_of(n)));
		if (n >= 499)
			assert_true(unique_has(&u, hash_of(n - 499)));
		if (n >= 1000)
			assert_false(unique_has(&u, hash_of(n - 1000)));
	}
	unique_free(&u);
}

static void
unique_keeps_the_parts_of_a_key_apart(void **state)
{
	struct slice one[2] = { SLICE("ab"), SLICE("c") };
	struct slice two[2] = { SLICE("a"), SLICE("bc") };

	(void)state;
	assert_true(unique_hash(one, 2) != unique_hash(two, 2));
	assert_true(unique_hash(one, 2) == unique_hash(one, 2));
}

static void
globs_match_whole_texts(void **state)
{
	static const struct {
		const char *glob;
		const char *text;
		bool matches;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "a", "a", true },
		{ "a", "ab", false },
		{ "?", "", false },
		{ "?b*", "abc", true },
		{ "*b", "aab", true },
		{ "*ab*ab", "abxab", true },
		{ "*ab*ab", "ab", false },
		{ "**x**", "x", true },
		{ "a*b*c", "a1b2b3c", true },
		{ "a*b*c", "a1b2b3", false },
		{ "[a]", "a", false },
		{ "[a]", "[a]", true },
		{ "A", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    fault_glob_match(rows[i].glob, slice_from(rows[i].text)), rows[i].matches);
}

static void
heads_are_taken_apart(void **state)
{
	struct http_head h;
	struct err e;

	(void)state;
	assert_int_equal(http_head_parse(SLICE("POST /a?b=c HTTP/1.1\r\nHOST: x\r\n"
					       "content-length: 12\r\nUser-Agent:\t a b \r\n"
					       "Expect: 100-Continue\r\nConnection: Close"),
			     &h, &e),
	    0);
	assert_true(SLICE_IS(h.method, "POST") && SLICE_IS(h.path, "/a"));
	assert_true(SLICE_IS(h.query, "b=c") && SLICE_IS(h.user_agent, "a b"));
	assert_int_equal(h.content_length, 12);
	assert_true(h.expects_continue && h.closes && !h.chunked);
	assert_null(h.authorization.p);
}

static void
heads_of_the_wrong_form_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"GET",
		"GET /",
		"GET / HTTP/1.0",
		"GET / HTTP/1.1 x",
		" / HTTP/1.1",
		"GET / HTTP/1.1\r\nx",
		"GET / HTTP/1.1\r\nContent-Length:",
		"GET / HTTP/1.1\r\nContent-Length: -1",
		"GET / HTTP/1.1\r\nContent-Length: 99999999999999999999",
	};
	struct http_head h;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(http_head_parse(slice_from(bad[i]), &h, &e), -1);
}

static void
queries_are_decoded(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_true(http_query_get(SLICE("a=1&key=%41%2f+%zz%4&key=2"), "key", &b));
	assert_string_equal(b.p, "A/ %zz%4");
	assert_false(http_query_get(SLICE("akey=1&keys=2"), "key", &b));
	assert_false(http_query_get(SLICE_NONE, "key", &b));
	buf_free(&b);
}

static void
basic_is_decoded(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(http_basic_decode(SLICE("basic  cHViOnNlY3JldA=="), &b), 0);
	assert_string_equal(b.p, "pub:secret");
	buf_clear(&b);
	assert_int_equal(http_basic_decode(SLICE("Basic +/+/"), &b), 0);
	assert_memory_equal(b.p, "\xfb\xff\xbf", 3);
	assert_int_equal(http_basic_decode(SLICE("Basic a*b"), &b), -1);
	assert_int_equal(http_basic_decode(SLICE("Bearer cHViOnNlY3JldA=="), &b), -1);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limit_passes_again_when_the_oldest_leaves_the_window),
		cmocka_unit_test(limit_refuses_everything_for_the_penalty),
		cmocka_unit_test(limit_of_zero_is_none),
		cmocka_unit_test(unique_remembers_at_least_the_last_half),
		cmocka_unit_test(unique_keeps_the_parts_of_a_key_apart),
		cmocka_unit_test(globs_match_whole_texts),
		cmocka_unit_test(heads_are_taken_apart),
		cmocka_unit_test(heads_of_the_wrong_form_are_refused),
		cmocka_unit_test(queries_are_decoded),
		cmocka_unit_test(basic_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
