/*
 * Limits the wrong tokens that are answered one by one. Pure; times are mono ms.
 *
 * Nobody guesses 128 random bits, so the limit is not what keeps strangers out: it tells a program
 * with a wrong token how long to wait, and an operator, by a count of its own, that one goes on. It
 * never holds for a right token, because others may share an address: behind a proxy or a gateway
 * all do. At most ATTEMPTS_PER_ADDRESS failures a minute from one address, and ATTEMPTS_IN_ALL from
 * all, are plain refusals.
 */
#ifndef ADMIN_WHO_ATTEMPTS_H
#define ADMIN_WHO_ATTEMPTS_H

#include <stdint.h>

#include "admin/who/address.h"

#define ATTEMPTS_PERIOD_MS 60000
#define ATTEMPTS_PER_ADDRESS 5
#define ATTEMPTS_IN_ALL 30

/* Zeroed, it is empty. */
struct attempts {
	struct attempt {
		struct who_address from;
		int64_t until; /* counts until then; 0: no attempt */
	} failed[ATTEMPTS_IN_ALL];
	unsigned next; /* the place of the next failure, which is that of the oldest */
};

/* Returns 0 when a wrong token is within the limit, else the seconds until one is again. */
unsigned attempts_wait(const struct attempts *a, const struct who_address *from, int64_t now);
void attempts_failed(struct attempts *a, const struct who_address *from, int64_t now);

#endif
