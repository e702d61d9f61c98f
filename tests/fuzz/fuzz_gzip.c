/*
 * http/gzip: the first byte chooses the size of the pieces, and whether the rest is gzip or
 * text. Gzip must give the same result when it is read whole and in pieces. Text is packed in two
 * members: unpacking must give the same text, and a truncated copy must never be complete.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "http/gzip.h"
#include "lib/gzip_maker.h"

#define MAX 5000

struct run {
	struct body_quota quota;
	struct body body;
	enum gzip_result result;
	bool complete;
};

static void
unpack(struct run *r, const char *p, size_t n, size_t step)
{
	struct gzip g = { 0 };

	*r = (struct run){ .quota = { .max = GZIP_MEMORY + 65536 } };
	FUZZ_CHECK(gzip_open(&g, &r->quota) == 0);
	for (size_t at = 0; at < n && r->result == GZIP_OK; at += step) {
		size_t part = n - at < step ? n - at : step;

		r->result =
		    gzip_unpack(&g, (struct slice){ p + at, part }, &r->body, &r->quota, MAX);
		FUZZ_CHECK(r->body.n <= MAX + 1 && r->body.n <= r->body.cap);
		FUZZ_CHECK((r->body.n > MAX) == (r->result == GZIP_TOO_LARGE));
	}
	FUZZ_CHECK(r->result != GZIP_NO_ROOM);
	r->complete = r->result == GZIP_OK && gzip_is_complete(&g);
	gzip_close(&g, &r->quota);
	FUZZ_CHECK(r->quota.used == r->body.charged);
}

static void
end(struct run *r)
{
	body_free(&r->body, &r->quota);
	FUZZ_CHECK(r->quota.used == 0);
}

static void
check_raw(const char *p, size_t n, size_t step)
{
	struct run whole, pieces;

	unpack(&whole, p, n, n);
	unpack(&pieces, p, n, step);
	FUZZ_CHECK(whole.complete == pieces.complete);
	/* the output of an incomplete body depends on the pieces, and nobody uses it */
	if (whole.complete) {
		FUZZ_CHECK(whole.body.n == pieces.body.n);
		if (whole.body.n > 0)
			FUZZ_CHECK(memcmp(whole.body.p, pieces.body.p, whole.body.n) == 0);
	}
	end(&whole);
	end(&pieces);
}

static void
check_text(const char *p, size_t n, size_t step, int level)
{
	size_t n_first, n_second;
	char *first = gzip_make(p, n / 3, level, &n_first);
	char *second = gzip_make(p + n / 3, n - n / 3, 9 - level, &n_second);
	char *all = malloc(n_first + n_second);
	struct run r;

	FUZZ_CHECK(all != NULL);
	memcpy(all, first, n_first);
	memcpy(all + n_first, second, n_second);
	unpack(&r, all, n_first + n_second, step);
	FUZZ_CHECK(r.result == (n > MAX ? GZIP_TOO_LARGE : GZIP_OK));
	FUZZ_CHECK(r.complete == (n <= MAX));
	FUZZ_CHECK(n > MAX || (r.body.n == n && memcmp(r.body.p, p, n) == 0));
	end(&r);
	unpack(&r, all, n_first + n_second - 1 - step % 8, step);
	FUZZ_CHECK(!r.complete);
	end(&r);
	free(first);
	free(second);
	free(all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 1;
	size_t step;

	if (size < 2)
		return 0;
	step = (size_t)(data[0] >> 1) + 1;
	if ((data[0] & 1) != 0)
		check_raw(p, size - 1, step);
	else
		check_text(p, size - 1, step, data[0] % 10);
	return 0;
}
