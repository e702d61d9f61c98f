/*
 * Counts by key in bounded memory: a value for each key, and one value for all keys past the
 * maximum. One thread.
 */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct tally;

/* Values have value_size bytes and begin as zeros. NULL when out of memory. */
struct tally *tally_new(size_t max_keys, size_t value_size);
void tally_free(struct tally *t); /* NULL is fine */
/* Returns the value of a key (copied); past the maximum, or out of memory, the common value. */
void *tally_at(struct tally *t, struct slice key);
/* Returns the common value of all keys past the maximum. */
void *tally_rest(struct tally *t);
/* Sorts by weight, largest first, then by key. */
void tally_sort(struct tally *t, int64_t (*weight)(const void *value));
size_t tally_count(const struct tally *t);
struct slice tally_key(const struct tally *t, size_t i);
void *tally_value(const struct tally *t, size_t i);

#endif
