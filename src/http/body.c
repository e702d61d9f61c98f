/*
 * The memory of request bodies, charged to a quota before it is allocated. A body's memory doubles
 * from 4 KiB up to the announced length. Fails without quota or memory.
 */
#include "http/body.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST ((size_t)4096)
/* bytes of an announced body that are allocated at its first byte */
#define AT_ONCE ((size_t)65536)
#define KEPT ((size_t)16384) /* bytes kept for the next body */

int
body_quota_take(struct body_quota *q, size_t n)
{
	if (n > q->max - q->used)
		return -1;
	q->used += n;
	return 0;
}

void
body_quota_give(struct body_quota *q, size_t n)
{
	q->used -= n;
}

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Returns the next size: at first the announced length, up to AT_ONCE; then twice the last size, up
 * to the announced length. */
static size_t
next_cap(const struct body *b, size_t need, size_t total)
{
	size_t cap = larger(need, b->cap * 2);

	if (total > 0)
		cap = smaller(larger(cap, smaller(total, AT_ONCE)), larger(total, need));
	return larger(cap, SMALLEST);
}

int
body_reserve(struct body *b, struct body_quota *q, size_t more, size_t total)
{
	size_t need = b->n + more;
	size_t cap = need <= b->cap ? b->cap : next_cap(b, need, total);
	char *p;

	if (body_quota_take(q, cap - b->charged) != 0)
		return -1;
	b->charged = cap;
	if (cap != b->cap) {
		p = realloc(b->p, cap);
		if (p == NULL)
			return -1;
		b->p = p;
		b->cap = cap;
	}
	return 0;
}

int
body_append(struct body *b, struct body_quota *q, const char *p, size_t n, size_t total)
{
	if (n == 0)
		return 0;
	if (body_reserve(b, q, n, total) != 0)
		return -1;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	return 0;
}

void
body_clear(struct body *b, struct body_quota *q)
{
	if (b->cap > KEPT) {
		body_free(b, q);
		return;
	}
	body_quota_give(q, b->charged);
	b->charged = 0;
	b->n = 0;
}

void
body_free(struct body *b, struct body_quota *q)
{
	body_quota_give(q, b->charged);
	free(b->p);
	*b = (struct body){ 0 };
}
