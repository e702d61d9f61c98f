/*
 * xoshiro256** gives random numbers that a test can replay; getrandom gives keys. Only getrandom
 * can fail.
 */
#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>

/* splitmix64: spreads a small seed over the whole state. */
static uint64_t
seed_next(uint64_t *x)
{
	uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
rand_seed(struct rand *r, uint64_t seed)
{
	for (size_t i = 0; i < 4; i++)
		r->s[i] = seed_next(&seed);
}

int
rand_seed_system(struct rand *r, struct err *e)
{
	uint64_t seed;

	if (rand_system(&seed, sizeof(seed), e) != 0)
		return -1;
	rand_seed(r, seed);
	return 0;
}

static uint64_t
rotate_left(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* xoshiro256**: Blackman and Vigna, public domain algorithm. */
uint64_t
rand_u64(struct rand *r)
{
	uint64_t result = rotate_left(r->s[1] * 5, 7) * 9;
	uint64_t t = r->s[1] << 17;

	r->s[2] ^= r->s[0];
	r->s[3] ^= r->s[1];
	r->s[1] ^= r->s[2];
	r->s[0] ^= r->s[3];
	r->s[2] ^= t;
	r->s[3] = rotate_left(r->s[3], 45);
	return result;
}

uint64_t
rand_below(struct rand *r, uint64_t n)
{
	uint64_t limit, x;

	if (n == 0)
		return 0;
	/* Values above the last whole multiple of n would favor small results: draw again. */
	limit = UINT64_MAX - UINT64_MAX % n;
	do
		x = rand_u64(r);
	while (x >= limit);
	return x % n;
}

int
rand_system(void *p, size_t n, struct err *e)
{
	char *to = p;

	while (n > 0) {
		ssize_t got = getrandom(to, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "cannot read random bytes");
		to += got;
		n -= (size_t)got;
	}
	return 0;
}
