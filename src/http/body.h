/*
 * A request's body in one run of memory, charged to a quota over all connections. Main thread.
 * Memory that a body's events need while they wait for the writer is charged to the same quota.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stddef.h>

struct body_quota {
	size_t used;
	size_t max;
};

/* Returns -1, and charges nothing, when n more bytes would exceed the maximum. */
int body_quota_take(struct body_quota *q, size_t n);
void body_quota_give(struct body_quota *q, size_t n);

/* An empty body is all zeros. */
struct body {
	char *p;
	size_t n;
	size_t cap;
	size_t charged; /* bytes charged to the quota */
};

/*
 * Makes room for `more` bytes behind the present n. `total` is the length of the whole body, 0 when
 * unknown. Memory grows as bytes arrive, so that a client that announces much and sends little uses
 * little. Returns -1 without quota or memory.
 */
int body_reserve(struct body *b, struct body_quota *q, size_t more, size_t total);
int body_append(struct body *b, struct body_quota *q, const char *p, size_t n, size_t total);
/* Empties the body and clears its charge; keeps a little memory for the next body. */
void body_clear(struct body *b, struct body_quota *q);
void body_free(struct body *b, struct body_quota *q);

#endif
