/* Prints the boxes as a table, or as JSON. Times are given as ages, and are of the center's clock.
 */
#include "cli/report/boxes.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "report/event_json.h"
#include "term/table.h"
#include "term/when.h"

#define TEXT_MAX 16777216

static const char *
site_of(const struct status *s, const struct audit_box *box)
{
	for (size_t i = 0; i < s->n_sites; i++)
		if (s->sites[i].site_id == box->site_id)
			return s->sites[i].name;
	return "";
}

/* Percent of the bytes that did not travel, because they were compressed. */
static long long
saved(const struct audit_box *box)
{
	if (box->body_bytes <= box->bytes)
		return 0;
	return (box->body_bytes - box->bytes) * 100 / box->body_bytes;
}

static void
add_age(struct table *t, const struct status *s, int64_t at)
{
	char age[WHEN_AGE_SIZE] = "";

	if (at != 0)
		when_for(s->now, at, age);
	table_cell(t, slice_from(age), TABLE_PLAIN);
}

static void
add_row(struct table *t, const struct status *s, const struct audit_box *box)
{
	table_cell(t, slice_from(box->name), TABLE_PLAIN);
	table_cell(t, slice_from(site_of(s, box)), TABLE_PLAIN);
	if (box->last_seen_at == 0)
		table_cell(t, SLICE("never"), TABLE_WAITING);
	else
		add_age(t, s, box->last_seen_at);
	table_printf(t, box->backlog > 0 ? TABLE_WAITING : TABLE_PLAIN,
	    box->backlog < 0 ? "-" : "%lld", (long long)box->backlog);
	add_age(t, s, box->oldest_at);
	table_printf(t, TABLE_PLAIN, "%lld", (long long)box->events);
	table_printf(t, TABLE_PLAIN, "%lld%%", saved(box));
	table_cell(t, slice_from(box->version), TABLE_PLAIN);
}

void
boxes_print(const struct status *s, const struct terminal *terminal)
{
	static const struct table_column columns[] = { { "BOX", 6, false }, { "SITE", 4, false },
		{ "SEEN", 0, true }, { "BACKLOG", 0, true }, { "OLDEST", 0, true },
		{ "EVENTS", 0, true }, { "SAVED", 0, true }, { "VERSION", 0, false } };
	struct table *table;
	struct buf text;

	if (s->n_boxes == 0)
		return;
	buf_init(&text, TEXT_MAX);
	table = table_new(
	    columns, sizeof(columns) / sizeof(*columns), terminal->width, terminal->color, &text);
	for (size_t i = 0; table != NULL && i < s->n_boxes; i++)
		add_row(table, s, &s->boxes[i]);
	if (table != NULL && table_end(table) == 0)
		printf("\n%.*s", (int)text.n, text.p);
	buf_free(&text);
}

void
boxes_print_unseen(const struct status *s)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_boxes; i++)
		if (s->boxes[i].last_seen_at == 0 && n++ == 0)
			first = s->boxes[i].name;
	if (n == 1)
		printf("; 1 box was never seen: %s", first);
	else if (n > 1)
		printf("; %zu boxes were never seen, such as %s", n, first);
}

static cJSON *
box_json(const struct status *s, const struct audit_box *box)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "box", box->name);
	cJSON_AddStringToObject(o, "site", site_of(s, box));
	json_add_time(o, "first_seen_at", box->first_seen_at);
	json_add_time(o, "last_seen_at", box->last_seen_at);
	cJSON_AddStringToObject(o, "version", box->version);
	if (box->backlog >= 0)
		cJSON_AddNumberToObject(o, "backlog", (double)box->backlog);
	else
		cJSON_AddNullToObject(o, "backlog");
	json_add_time(o, "oldest_at", box->oldest_at);
	cJSON_AddNumberToObject(o, "events", (double)box->events);
	cJSON_AddNumberToObject(o, "duplicates", (double)box->duplicates);
	cJSON_AddNumberToObject(o, "bytes", (double)box->bytes);
	cJSON_AddNumberToObject(o, "body_bytes", (double)box->body_bytes);
	return o;
}

cJSON *
boxes_json(const struct status *s)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < s->n_boxes; i++)
		cJSON_AddItemToArray(list, box_json(s, &s->boxes[i]));
	return list;
}
