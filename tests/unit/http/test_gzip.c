/* http/gzip: bodies that are unpacked as they arrive. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "http/gzip.h"
#include "lib/gzip_maker.h"

#define TEXT                                                                                       \
	"{\"event\":\"Order "                                                                      \
	"Completed\",\"properties\":{\"note\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}"
#define TEXT_N (sizeof(TEXT) - 1)

/* The result of unpacking n bytes that arrive in pieces of `step` bytes, with a limit. */
struct run {
	struct body_quota quota;
	struct body body;
	enum gzip_result result;
	bool complete;
	size_t used; /* bytes that went in */
};

static void
unpack(struct run *r, const char *p, size_t n, size_t step, size_t max)
{
	struct gzip g = { 0 };

	*r = (struct run){ .quota = { .max = (size_t)64 << 20 } };
	assert_int_equal(gzip_open(&g, &r->quota), 0);
	while (r->used < n && r->result == GZIP_OK) {
		size_t part = n - r->used < step ? n - r->used : step;

		r->result =
		    gzip_unpack(&g, (struct slice){ p + r->used, part }, &r->body, &r->quota, max);
		r->used += part;
	}
	r->complete = gzip_is_complete(&g);
	gzip_close(&g, &r->quota);
	gzip_close(&g, &r->quota);
}

static void
end(struct run *r)
{
	body_free(&r->body, &r->quota);
	assert_int_equal(r->quota.used, 0);
}

static void
assert_unpacks_to(const char *p, size_t n, const char *text, size_t text_n)
{
	static const size_t steps[] = { 1, 2, 7, 1000, 1 << 30 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct run r;

		unpack(&r, p, n, steps[i], 100000);
		assert_int_equal(r.result, GZIP_OK);
		assert_true(r.complete);
		assert_int_equal(r.body.n, text_n);
		assert_memory_equal(r.body.p, text, text_n);
		end(&r);
	}
}

static void
assert_refused(const char *p, size_t n, enum gzip_result result)
{
	for (size_t step = 1; step <= n; step += step == 1 ? n - 1 : 1) {
		struct run r;

		unpack(&r, p, n, step, 100000);
		assert_int_equal(r.result, result);
		end(&r);
	}
}

static void
a_body_is_unpacked_however_it_was_cut(void **state)
{
	(void)state;
	for (int level = 0; level <= 9; level++) {
		size_t n;
		char *packed = gzip_make(TEXT, TEXT_N, level, &n);

		assert_unpacks_to(packed, n, TEXT, TEXT_N);
		free(packed);
	}
}

static void
several_members_are_one_body(void **state)
{
	char *packed[3], all[1000];
	size_t n[3], at = 0;

	(void)state;
	packed[0] = gzip_make(TEXT, 20, 6, &n[0]);
	packed[1] = gzip_make("", 0, 6, &n[1]);
	packed[2] = gzip_make(&TEXT[20], TEXT_N - 20, 0, &n[2]);
	for (int i = 0; i < 3; i++) {
		memcpy(all + at, packed[i], n[i]);
		at += n[i];
		free(packed[i]);
	}
	assert_unpacks_to(all, at, TEXT, TEXT_N);
}

static void
an_end_in_the_midst_is_not_the_end(void **state)
{
	size_t n;
	char *packed = gzip_make(TEXT, TEXT_N, 6, &n);

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		struct run r;

		unpack(&r, packed, cut, 1000, 100000);
		assert_int_equal(r.result, GZIP_OK);
		assert_false(r.complete);
		end(&r);
	}
	free(packed);
}

static void
what_follows_must_be_gzip_too(void **state)
{
	static const char *const garbage[] = { "{}", "\x1f\x8c", "\x1f\x8b\x07\x01", "\r\n" };
	size_t n;
	char *packed = gzip_make(TEXT, TEXT_N, 6, &n), *all = malloc(n + 10);

	(void)state;
	assert_non_null(all);
	memcpy(all, packed, n);
	for (size_t i = 0; i < sizeof(garbage) / sizeof(*garbage); i++) {
		memcpy(all + n, garbage[i], strlen(garbage[i]));
		assert_refused(all, n + strlen(garbage[i]), GZIP_BAD);
	}
	memset(all + n, 0, 10);
	assert_refused(all, n + 10, GZIP_BAD);
	free(packed);
	free(all);
}

static void
what_is_no_gzip_is_refused(void **state)
{
	/* JSON text; deflate with a zlib header; deflate without a header */
	static const char zlib_header[] = "\x78\x9c\x03\x00\x00\x00\x00\x01";
	static const char bare[] = "\x03\x00\x00\x00\x00\x00";
	size_t n;
	char *packed = gzip_make(TEXT, TEXT_N, 6, &n);

	(void)state;
	assert_refused("{\"a\":1}", 7, GZIP_BAD);
	assert_refused(zlib_header, sizeof(zlib_header) - 1, GZIP_BAD);
	assert_refused(bare, sizeof(bare) - 1, GZIP_BAD);
	packed[n - 8] ^= 1; /* a byte of the checksum */
	assert_refused(packed, n, GZIP_BAD);
	packed[n - 8] ^= 1;
	packed[n - 1] ^= 1; /* a byte of the length */
	assert_refused(packed, n, GZIP_BAD);
	free(packed);
}

static void
the_limit_is_exact(void **state)
{
	static const size_t steps[] = { 1, 1 << 30 };
	size_t n;
	char *packed = gzip_make(TEXT, TEXT_N, 6, &n);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (size_t max = TEXT_N - 1; max <= TEXT_N + 1; max++) {
			struct run r;

			unpack(&r, packed, n, steps[i], max);
			assert_int_equal(r.result, max < TEXT_N ? GZIP_TOO_LARGE : GZIP_OK);
			assert_true(r.complete == (max >= TEXT_N));
			assert_true(r.body.n <= max + 1);
			end(&r);
		}
	}
	free(packed);
}

static void
what_unpacks_to_much_more_is_given_up_early(void **state)
{
	const size_t max = 4194304, n_zeros = 64 << 20;
	char *zeros = calloc(1, n_zeros), *packed;
	size_t n;
	struct run r;

	(void)state;
	assert_non_null(zeros);
	packed = gzip_make(zeros, n_zeros, 9, &n);
	assert_true(n_zeros / n > 1000);
	unpack(&r, packed, n, 1000, max);
	assert_int_equal(r.result, GZIP_TOO_LARGE);
	assert_true(r.used < n / 10);
	assert_int_equal(r.body.n, max + 1);
	assert_true(r.body.cap <= max + 1);
	end(&r);
	free(packed);
	free(zeros);
}

static void
its_memory_is_charged(void **state)
{
	struct body_quota q = { .max = GZIP_MEMORY - 1 };
	struct gzip g = { 0 };
	struct body b = { 0 };
	size_t n;
	char *packed = gzip_make(TEXT, TEXT_N, 6, &n);

	(void)state;
	assert_int_equal(gzip_open(&g, &q), -1);
	assert_int_equal(q.used, 0);
	gzip_close(&g, &q);
	q.max = GZIP_MEMORY;
	assert_int_equal(gzip_open(&g, &q), 0);
	assert_int_equal(q.used, GZIP_MEMORY);
	assert_int_equal(
	    gzip_unpack(&g, (struct slice){ packed, n }, &b, &q, 100000), GZIP_NO_ROOM);
	gzip_close(&g, &q);
	assert_int_equal(q.used, 0);
	free(packed);
}

static void
what_cannot_be_packed_may_be_a_little_longer(void **state)
{
	static const size_t sizes[] = { 1, 1024, 65536, 4194304 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		char *text = malloc(sizes[i]), *packed;
		uint32_t x = 1;
		size_t n;

		assert_non_null(text);
		for (size_t k = 0; k < sizes[i]; k++) {
			x = x * 1664525 + 1013904223;
			text[k] = (char)(x >> 24);
		}
		packed = gzip_make(text, sizes[i], 0, &n);
		assert_true(n > sizes[i] && n <= gzip_max_packed(sizes[i]));
		free(packed);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_unpacked_however_it_was_cut),
		cmocka_unit_test(several_members_are_one_body),
		cmocka_unit_test(an_end_in_the_midst_is_not_the_end),
		cmocka_unit_test(what_follows_must_be_gzip_too),
		cmocka_unit_test(what_is_no_gzip_is_refused),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(what_unpacks_to_much_more_is_given_up_early),
		cmocka_unit_test(its_memory_is_charged),
		cmocka_unit_test(what_cannot_be_packed_may_be_a_little_longer),
	};

	return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
