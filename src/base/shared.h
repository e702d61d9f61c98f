/*
 * A reference count for a structure that several threads read and none changes. The last release
 * frees it. Any thread.
 */
#ifndef BASE_SHARED_H
#define BASE_SHARED_H

#include <stdatomic.h>
#include <stddef.h>

struct shared {
	atomic_uint holders;
	void (*free)(struct shared *s);
};

/* The caller becomes the first holder. */
static inline void
shared_init(struct shared *s, void (*free)(struct shared *s))
{
	atomic_init(&s->holders, 1);
	s->free = free;
}

/* Adds a holder. NULL is allowed. */
static inline void
shared_hold(struct shared *s)
{
	if (s != NULL)
		atomic_fetch_add(&s->holders, 1);
}

static inline void
shared_release(struct shared *s)
{
	if (s != NULL && atomic_fetch_sub(&s->holders, 1) == 1)
		s->free(s);
}

#endif
