/*
 * The byte budget of a link: the bytes of an hour, spent evenly and without a burst after a pause.
 * Pure; the caller gives times in monotonic ms.
 */
#ifndef DISPATCH_LINK_BUDGET_H
#define DISPATCH_LINK_BUDGET_H

#include <stdint.h>

/* Bytes that a request costs besides its body, roughly: its head, and the answer. */
#define BUDGET_REQUEST 500

struct budget {
	int64_t bytes_per_hour; /* 0: no limit */
	int64_t next_ms;        /* no request before this time; INT64_MIN: none was sent */
};

void budget_init(struct budget *b, int64_t bytes_per_hour);
/* Changes the limit. What was spent still counts, by the old one. */
void budget_configure(struct budget *b, int64_t bytes_per_hour);
/* Returns how long until a request may start; 0: now. */
int64_t budget_wait(const struct budget *b, int64_t now_ms);
/* Records the start of a request with a body of n bytes. */
void budget_spend(struct budget *b, int64_t now_ms, int64_t n);

#endif
