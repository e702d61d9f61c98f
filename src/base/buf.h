/*
 * A growing run of bytes with a stated maximum.
 *
 * Appending past the maximum, or out of memory, appends nothing and latches `failed`; a caller
 * builds a whole text and checks `failed` once at the end. The bytes are always followed by a NUL
 * that does not count. Owned by one thread at a time.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
/* Empty again; keeps the memory, clears `failed`. */
void buf_clear(struct buf *b);
/* Cuts back to n bytes (n at most the present length) and clears `failed`. */
void buf_truncate(struct buf *b, size_t n);

/* Room for n more bytes at p + n of the buffer; NULL (and failed) when there is none. */
char *buf_reserve(struct buf *b, size_t n);
void buf_append(struct buf *b, const void *p, size_t n);
void buf_append_byte(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline void
buf_append_slice(struct buf *b, struct slice s)
{
	buf_append(b, s.p, s.n);
}

#define buf_append_literal(b, literal) buf_append((b), (literal), sizeof(literal) - 1)

static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){ b->p == NULL ? "" : b->p, b->n };
}

/* Hands the memory (NUL-terminated, malloc'd) to the caller; the buffer is empty after it. */
char *buf_steal(struct buf *b, size_t *ret_n);

#endif
