/*
 * Compares secrets in a time that depends only on their length, so that timing reveals nothing.
 * Pure.
 */
#ifndef BASE_SECRET_CONSTANT_TIME_H
#define BASE_SECRET_CONSTANT_TIME_H

#include <stddef.h>
#include <stdint.h>

/* Returns a mask: all ones when the n bytes are equal, else 0. With a mask the caller needs no
 * branch, either. */
uint64_t constant_time_equal(const void *a, const void *b, size_t n);

#endif
