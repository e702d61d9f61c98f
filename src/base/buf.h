/*
 * A buffer that grows up to a stated maximum.
 *
 * Appending past the maximum, or out of memory, appends nothing and sets `failed`, which stays set:
 * a caller builds a whole text and checks `failed` once at the end. A NUL that is not counted
 * always follows the bytes. One thread at a time owns a buffer.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

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
/* Empties the buffer, keeps its memory, and clears `failed`. */
void buf_clear(struct buf *b);
/* Cuts the buffer to its first n bytes (n is at most its length) and clears `failed`. */
void buf_truncate(struct buf *b, size_t n);

/* Makes room for n more bytes and returns where they go; NULL, with `failed` set, when there is
 * none. */
char *buf_reserve(struct buf *b, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* buf_append, where the memory has no room. */
void buf_append_more(struct buf *b, const void *p, size_t n);

/* Inline, because a request is put together from many short texts. */
static inline void
buf_append(struct buf *b, const void *p, size_t n)
{
	if (b->failed || n == 0 || n > b->max - b->n || n >= b->cap - b->n) {
		buf_append_more(b, p, n);
		return;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

static inline void
buf_append_byte(struct buf *b, char c)
{
	buf_append(b, &c, 1);
}

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

/* Hands the memory (malloc'd, NUL-terminated) to the caller and leaves the buffer empty. */
char *buf_steal(struct buf *b, size_t *ret_n);

#endif
