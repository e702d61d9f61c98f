/*
 * Counts events by name and age while the database reads them; names past NAMES_MAX are counted
 * together, so that memory is bounded.
 */
#include "report/ages.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "outbox/read/audit_walk.h"
#include "report/event_json.h"
#include "report/tally.h"
#include "term/table.h"

#define NAMES_MAX 4096
#define KEY_MAX 1024 /* bytes of a name; the rest is cut */
#define MINUTE INT64_C(60000)
#define FIRST_BOUND 5
#define KILO INT64_C(1000)

struct ages {
	struct tally *names;
	struct ages_row all;
	int64_t now;
};

int
ages_bound(int bucket)
{
	return bucket + 1 >= AGES_BUCKETS ? 0 : FIRST_BOUND << bucket;
}

int
ages_bucket(int64_t age_ms)
{
	int bucket = 0;

	while (ages_bound(bucket) != 0 && age_ms >= ages_bound(bucket) * MINUTE)
		bucket++;
	return bucket;
}

void
ages_number(int64_t n, char ret_text[8])
{
	const char *units = " kMGTPE";

	while (n >= 10 * KILO && units[1] != '\0') {
		n /= KILO;
		units++;
	}
	if (*units == ' ')
		snprintf(ret_text, 8, "%d", (int)n);
	else
		snprintf(ret_text, 8, "%d%c", (int)(n % (10 * KILO)), *units);
}

/* ---- counting ------------------------------------------------------------------------------- */

static void
count(struct ages_row *row, int bucket, int64_t events)
{
	row->total += events;
	row->in[bucket] += events;
}

static bool
are_alike(void *arg, int64_t first_at, int64_t last_at)
{
	const struct ages *a = arg;

	return ages_bucket(a->now - first_at) == ages_bucket(a->now - last_at);
}

static void
add(void *arg, const struct audit_arrival *arrival)
{
	struct ages *a = arg;
	int bucket = ages_bucket(a->now - arrival->received_at);
	struct slice name = arrival->name;
	char kind[64];

	if (name.n == 0) {
		snprintf(kind, sizeof(kind), "(%.*s)", (int)arrival->kind.n, arrival->kind.p);
		name = slice_from(kind);
	}
	if (name.n > KEY_MAX)
		name.n = KEY_MAX;
	count(tally_at(a->names, name), bucket, arrival->events);
	count(&a->all, bucket, arrival->events);
}

static int64_t
weigh(const void *value)
{
	const struct ages_row *row = value;

	return row->total;
}

int
ages_collect(struct outbox_audit *audit, const struct outbox_filter *filter, int64_t now,
    struct ages **ret_ages, struct err *e)
{
	struct ages *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(e);
	a->now = now;
	a->names = tally_new(NAMES_MAX, sizeof(struct ages_row));
	if (a->names == NULL) {
		free(a);
		return err_nomem(e);
	}
	if (outbox_audit_arrivals(audit, filter, are_alike, add, a, e) != 0) {
		ages_free(a);
		return -1;
	}
	tally_sort(a->names, weigh);
	*ret_ages = a;
	return 0;
}

void
ages_free(struct ages *a)
{
	if (a == NULL)
		return;
	tally_free(a->names);
	free(a);
}

int64_t
ages_total(const struct ages *a)
{
	return a->all.total;
}

void
ages_each(const struct ages *a, int64_t names,
    void (*each)(void *arg, struct slice name, bool others, const struct ages_row *row), void *arg)
{
	struct ages_row others = *(const struct ages_row *)tally_rest(a->names);
	size_t n = tally_count(a->names), shown = n;

	if (names > 0 && (size_t)names < n)
		shown = (size_t)names;
	each(arg, SLICE_NONE, false, &a->all);
	for (size_t i = 0; i < n; i++) {
		const struct ages_row *row = tally_value(a->names, i);

		if (i < shown) {
			each(arg, tally_key(a->names, i), false, row);
			continue;
		}
		others.total += row->total;
		for (int k = 0; k < AGES_BUCKETS; k++)
			others.in[k] += row->in[k];
	}
	if (others.total > 0)
		each(arg, SLICE_NONE, true, &others);
}

/* ---- for people ----------------------------------------------------------------------------- */

static void
add_row(void *arg, struct slice name, bool others, const struct ages_row *row)
{
	struct table *table = arg;
	enum table_color color = name.p == NULL ? TABLE_FAINT : TABLE_PLAIN;
	char text[8];

	if (name.p == NULL)
		name = others ? SLICE("others") : SLICE("all");
	table_cell(table, name, color);
	ages_number(row->total, text);
	table_cell(table, slice_from(text), color);
	for (int i = 0; i < AGES_BUCKETS; i++) {
		ages_number(row->in[i], text);
		table_cell(table, slice_from(text),
		    row->in[i] > 0 && color == TABLE_PLAIN && i > AGES_BUCKETS / 2 ? TABLE_WAITING
										   : color);
	}
}

int
ages_print(const struct ages *a, int64_t names, const struct terminal *terminal, struct buf *to,
    struct err *e)
{
	static const struct table_column columns[] = { { "NAME", 8, false }, { "ALL", 0, true },
		{ "5m", 0, true }, { "10m", 0, true }, { "20m", 0, true }, { "40m", 0, true },
		{ "80m", 0, true }, { "160m", 0, true }, { "320m", 0, true }, { "640m", 0, true },
		{ "1280m", 0, true }, { "older", 0, true } };
	struct table *table = table_new(
	    columns, sizeof(columns) / sizeof(*columns), terminal->width, terminal->color, to);

	if (table == NULL)
		return err_nomem(e);
	ages_each(a, names, add_row, table);
	return table_end(table) == 0 && !to->failed ? 0 : err_nomem(e);
}

cJSON *
ages_row_json(struct slice name, bool others, const struct ages_row *row)
{
	cJSON *o = cJSON_CreateObject(), *under;
	char bound[16];

	json_add_slice(o, "name", name);
	cJSON_AddStringToObject(o, "row", name.p != NULL ? "name" : others ? "others" : "all");
	cJSON_AddNumberToObject(o, "events", (double)row->total);
	under = cJSON_AddObjectToObject(o, "under_minutes");
	for (int i = 0; ages_bound(i) != 0; i++) {
		snprintf(bound, sizeof(bound), "%d", ages_bound(i));
		cJSON_AddNumberToObject(under, bound, (double)row->in[i]);
	}
	cJSON_AddNumberToObject(o, "older", (double)row->in[AGES_BUCKETS - 1]);
	return o;
}
