/*
 * A request's body in one run of memory, charged to a quota over all connections. Main thread.
 * What is made of a body while it waits for the writer is charged to the same quota.
 */
#ifndef INGEST_HTTP_BODY_H
#define INGEST_HTTP_BODY_H

#include <stddef.h>

struct body_quota {
	size_t used;
	size_t max;
};

/* -1 when n more would pass the maximum; then nothing is charged. */
int body_quota_take(struct body_quota *q, size_t n);
void body_quota_give(struct body_quota *q, size_t n);

/* Zeroed: an empty body. */
struct body {
	char *p;
	size_t n;
	size_t cap;
	size_t charged; /* to the quota */
};

/*
 * Room for `more` bytes behind the n that are there. `total`: how long the body will be, 0 when
 * nobody knows; memory is taken as the bytes come, so that a client that announces much and sends
 * little holds little. -1 when the quota or the memory does not suffice.
 */
int body_reserve(struct body *b, struct body_quota *q, size_t more, size_t total);
int body_append(struct body *b, struct body_quota *q, const char *p, size_t n, size_t total);
/* Empty, charged nothing; keeps a little memory for the next body. */
void body_clear(struct body *b, struct body_quota *q);
void body_free(struct body *b, struct body_quota *q);

#endif
