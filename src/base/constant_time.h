/*
 * Comparing secrets without an early end, so that the time it takes says nothing about them. Pure.
 */
#ifndef BASE_CONSTANT_TIME_H
#define BASE_CONSTANT_TIME_H

#include <stddef.h>
#include <stdint.h>

/* All ones when the n bytes are equal, else 0: a mask, so that the caller needs no branch either.
 */
uint64_t constant_time_equal(const void *a, const void *b, size_t n);

#endif
