/* Adds numbers to rows, which are few: a linear search finds them. Nothing fails. */
#include "outbox/tally.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool
is_same(const struct tally_row *a, const struct tally_row *b)
{
	return a->site_id == b->site_id && a->status == b->status
	       && strcmp(a->reason, b->reason) == 0;
}

/* Turns the row into the one that takes the events of rows without a place. */
static void
make_rest(struct tally_row *row)
{
	row->site_id = 0;
	snprintf(row->reason, sizeof(row->reason), "others");
}

static size_t
find_note(const struct tally_notes *notes, const struct tally_row *row)
{
	size_t i = 0;

	while (i < notes->n && !is_same(&notes->row[i], row))
		i++;
	return i;
}

void
tally_note(struct tally_notes *notes, int64_t site_id, enum event_status status, const char *reason,
    uint64_t events)
{
	struct tally_row row = { .site_id = site_id, .status = status };
	size_t i;

	if (status == STATUS_PENDING || events == 0)
		return;
	snprintf(row.reason, sizeof(row.reason), "%s", reason == NULL ? "" : reason);
	i = find_note(notes, &row);
	if (i >= TALLY_NOTES - STATUS_COUNT) {
		make_rest(&row);
		i = find_note(notes, &row);
	}
	if (i == notes->n)
		notes->row[notes->n++] = row;
	notes->row[i].events += events;
}

static size_t
find_place(const struct tally *t, size_t n, const struct tally_row *row)
{
	size_t i = 0;

	while (i < n && !is_same(&t->place[i].row, row))
		i++;
	return i;
}

static void
publish(struct tally *t, struct tally_row row)
{
	size_t n = atomic_load_explicit(&t->n, memory_order_relaxed), i = find_place(t, n, &row);

	if (i >= TALLY_MAX - STATUS_COUNT) {
		make_rest(&row);
		i = find_place(t, n, &row);
	}
	if (i == n)
		t->place[i].row = row;
	atomic_fetch_add_explicit(&t->place[i].events, row.events, memory_order_relaxed);
	if (i == n)
		atomic_store_explicit(&t->n, n + 1, memory_order_release);
}

void
tally_publish(struct tally *t, const struct tally_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		publish(t, notes->row[i]);
}

size_t
tally_read(const struct tally *t, struct tally_row ret_rows[TALLY_MAX])
{
	size_t n = atomic_load_explicit(&t->n, memory_order_acquire);

	for (size_t i = 0; i < n; i++) {
		ret_rows[i] = t->place[i].row;
		ret_rows[i].events =
		    atomic_load_explicit(&t->place[i].events, memory_order_relaxed);
	}
	return n;
}
