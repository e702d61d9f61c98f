/*
 * Counts of events by name and age: one row per name, one column per age, each twice as long as the
 * one before. One thread; memory does not depend on the number of events and names.
 */
#ifndef REPORT_AGES_H
#define REPORT_AGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "term/terminal.h"

#define AGES_BUCKETS 10 /* under 5, 10, 20, ... 1280 minutes, and the rest */

struct cJSON;
struct outbox_audit;
struct outbox_filter;
struct ages;

struct ages_row {
	int64_t total;
	int64_t in[AGES_BUCKETS];
};

/* The bucket of an age in ms; an age below 0 is in the first. Pure. */
int ages_bucket(int64_t age_ms);
/* The upper bound of a bucket in minutes, exclusive; 0 for the last, which has none. Pure. */
int ages_bound(int bucket);
/* Formats a number in at most five characters: 9999, 12k, 3M. Pure. */
void ages_number(int64_t n, char ret_text[8]);

/* Counts the matching events by their age at `now` (wall ms). The caller frees the ages. */
int ages_collect(struct outbox_audit *audit, const struct outbox_filter *filter, int64_t now,
    struct ages **ret_ages, struct err *e);
void ages_free(struct ages *a); /* NULL is fine */
int64_t ages_total(const struct ages *a);
/* Appends a table with at most `names` names (0 for all), and the others in one row. -1 when out of
 * memory. */
int ages_print(const struct ages *a, int64_t names, const struct terminal *terminal, struct buf *to,
    struct err *e);
/* Calls each for the total (no name), for the names, and for the others together (no name). */
void ages_each(const struct ages *a, int64_t names,
    void (*each)(void *arg, struct slice name, bool others, const struct ages_row *row), void *arg);

/* A row as an object, which the caller frees: without a name it is the total, or the others. */
struct cJSON *ages_row_json(struct slice name, bool others, const struct ages_row *row);

#endif
