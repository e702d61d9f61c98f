/*
 * Limits the attempts to guess a token. Pure; times are mono ms.
 *
 * Only failures count: at most ATTEMPTS_PER_ADDRESS a minute from one address, and
 * ATTEMPTS_IN_ALL a minute from all. The second limit does not hold for the addresses that gave a
 * right token last: guessing from elsewhere must not lock them out. A guess that an address
 * repeats counts once in a minute: it finds nothing new, and a program that goes on with a former
 * token must not lock out the people at its address.
 */
#ifndef ADMIN_WHO_ATTEMPTS_H
#define ADMIN_WHO_ATTEMPTS_H

#include <stdint.h>

#include "admin/who/address.h"
#include "base/secret/sha256.h"

#define ATTEMPTS_PERIOD_MS 60000
#define ATTEMPTS_PER_ADDRESS 5
#define ATTEMPTS_IN_ALL 30
#define ATTEMPTS_TRUSTED 16 /* addresses that are remembered for a right token */
/* Enough for every failure of a period: trusted addresses may fail, too. */
#define ATTEMPTS_KEPT (ATTEMPTS_IN_ALL + ATTEMPTS_TRUSTED * ATTEMPTS_PER_ADDRESS)

/* Zeroed, it is empty. */
struct attempts {
	struct attempt {
		struct who_address from;
		unsigned char digest[SHA256_SIZE]; /* of the token */
		int64_t until;                     /* counts until then; 0: no attempt */
	} failed[ATTEMPTS_KEPT];
	unsigned next; /* the place of the next failure, which is that of the oldest */
	struct who_address trusted[ATTEMPTS_TRUSTED];
	unsigned n_trusted, next_trusted;
};

/* Returns 0 when a client may try a token, else the seconds until it may. */
unsigned attempts_wait(const struct attempts *a, const struct who_address *from, int64_t now);
/* digest: of the token that was wrong. */
void attempts_failed(struct attempts *a, const struct who_address *from,
    const unsigned char digest[SHA256_SIZE], int64_t now);
void attempts_succeeded(struct attempts *a, const struct who_address *from);

#endif
