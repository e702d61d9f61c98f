#include "lib/unit.h"

#include "unit/dispatch/fake_bento.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_bento *
fake_bento_new(void)
{
	struct fake_bento *b = calloc(1, sizeof(*b));

	if (b == NULL)
		abort();
	return b;
}

void
fake_bento_read(struct fake_bento *b, struct rig *r, size_t i)
{
	const char *p = r->transport->requests[i]->body;

	b->n_last = 0;
	while ((p = strstr(p, "\"n\":")) != NULL) {
		assert_true(b->n_last < BENTO_BATCH_MAX);
		p += 4;
		b->last[b->n_last++] = strtoll(p, NULL, 10);
	}
	if (b->n_last > b->largest)
		b->largest = b->n_last;
}

static size_t
count_bad(const struct fake_bento *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n_last; i++)
		n += b->bad[b->last[i]] || (b->repeats_fail && b->got[b->last[i]] > 0);
	return n;
}

static void
accept_all(struct fake_bento *b)
{
	for (size_t i = 0; i < b->n_last; i++)
		b->got[b->last[i]] += !b->bad[b->last[i]];
}

void
fake_bento_answer(struct fake_bento *b, struct rig *r, size_t i)
{
	char body[64] = "{}";
	int status = b->status;
	size_t bad;

	fake_bento_read(b, r, i);
	b->requests++;
	bad = count_bad(b);
	if (status == 0 && b->max_bytes > 0
	    && strlen(r->transport->requests[i]->body) > b->max_bytes)
		status = 413;
	if (status == 0 && bad > 0 && !b->partial && b->bad_status != 0)
		status = b->bad_status;
	if (status == 0) {
		if (bad > 0 && !b->partial)
			bad = b->n_last;
		else
			accept_all(b);
		snprintf(
		    body, sizeof(body), "{\"results\":%zu,\"failed\":%zu}", b->n_last - bad, bad);
		status = 200;
	}
	fake_transport_answer(r->transport, i, status, body, -1);
	rig_settle(r);
}

static bool
answer_one(struct fake_bento *b, struct rig *r)
{
	for (size_t i = b->requests; i < rig_requests(r); i++)
		if (r->transport->requests[i]->open) {
			fake_bento_answer(b, r, i);
			return true;
		}
	return false;
}

void
fake_bento_serve(struct fake_bento *b, struct rig *r, int64_t ms)
{
	int64_t end = r->time.mono + ms;

	rig_settle(r);
	for (;;) {
		int64_t left = end - r->time.mono;

		if (answer_one(b, r))
			end = r->time.mono + ms;
		else if (left <= 0)
			return;
		else {
			fake_clock_advance(
			    &r->time, r->wait < 0 || r->wait > left ? left : r->wait);
			rig_settle(r);
		}
	}
}
