/*
 * The entry for a known messageId: its keyed hash, and the event that has it.
 *
 * A key is DEDUP_KEY_BITS long. Buckets divide the keys by their top bits, so an entry in a bucket
 * keeps only the low bits of its key: 24 of them above 40 bits of event id, in one integer. Sorting
 * the entries of a bucket therefore sorts them by key. In the file each entry has eight bytes,
 * highest first.
 *
 * Pure; any thread.
 */
#ifndef OUTBOX_DEDUP_ENTRY_H
#define OUTBOX_DEDUP_ENTRY_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DEDUP_KEY_BITS 34
#define DEDUP_ID_BITS 40
#define DEDUP_ID_MAX ((INT64_C(1) << DEDUP_ID_BITS) - 1) /* at 1,000 events a second: 34 years */
#define DEDUP_ENTRY_SIZE 8                               /* bytes in the file */

static inline uint64_t
dedup_entry(uint64_t key, int64_t event_id)
{
	return key << DEDUP_ID_BITS | (uint64_t)event_id;
}

/* Returns the low bits of the key. */
static inline uint64_t
dedup_entry_key(uint64_t entry)
{
	return entry >> DEDUP_ID_BITS;
}

static inline int64_t
dedup_entry_id(uint64_t entry)
{
	return (int64_t)(entry & (uint64_t)DEDUP_ID_MAX);
}

/* Read an entry at p in the file's form, and write one. */
static inline uint64_t
dedup_entry_read(const char *p)
{
	uint64_t entry;

	memcpy(&entry, p, sizeof(entry));
	return be64toh(entry);
}

static inline void
dedup_entry_write(uint64_t entry, char *p)
{
	entry = htobe64(entry);
	memcpy(p, &entry, sizeof(entry));
}

void dedup_entries_sort(uint64_t *entries, size_t n);
/* Returns the index of the first of n entries in the file's form that is not below `entry`. */
size_t dedup_entries_find(const char *entries, size_t n, uint64_t entry);
/* Merges two sorted runs; an entry in both occurs once. Returns the number of entries in `to`. */
size_t dedup_entries_merge(
    const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b, uint64_t *to);

#endif
