/* The table of events that list prints; with only one site, it has no column SITE. */
#include "cli/report/event_table.h"

#include <stdlib.h>
#include <string.h>

#include "term/when.h"

bool
event_table_names_sites(struct outbox_audit *audit)
{
	struct audit_site *sites;
	struct err e;
	size_t n;

	if (outbox_audit_site_modes(audit, &sites, &n, &e) != 0)
		return false;
	free(sites);
	return n > 1;
}

int
event_table_init(struct event_table *t, struct outbox_audit *audit, const struct terminal *terminal,
    struct buf *to, struct err *e)
{
	const struct table_column all[] = { { "ID", 0, true }, { when_title("RECEIVED"), 0, false },
		{ "SITE", 4, false }, { "STATUS", 0, false }, { "NAME", 8, false },
		{ "EMAIL", 8, false }, { "WHY", 6, false } };
	size_t n = 0;

	t->sites = event_table_names_sites(audit);
	for (size_t i = 0; i < EVENT_TABLE_COLUMNS; i++)
		if (t->sites || strcmp(all[i].title, "SITE") != 0)
			t->columns[n++] = all[i];
	t->table = table_new(t->columns, n, terminal->width, terminal->color, to);
	return t->table == NULL ? err_nomem(e) : 0;
}

static enum table_color
color_of(struct slice status)
{
	if (SLICE_IS(status, "delivered"))
		return TABLE_GOOD;
	if (SLICE_IS(status, "pending"))
		return TABLE_WAITING;
	if (SLICE_IS(status, "failed") || SLICE_IS(status, "invalid") || SLICE_IS(status, "held"))
		return TABLE_BAD;
	return TABLE_FAINT;
}

/* Returns the reason; without one, the error of the last attempt, or the detail. */
static struct slice
why(const struct audit_event *event)
{
	if (event->reason.n > 0 || SLICE_IS(event->status, "delivered"))
		return event->reason;
	return event->error.n > 0 ? event->error : event->detail;
}

void
event_table_add(struct event_table *t, const struct audit_event *event)
{
	struct table *table = t->table;
	char received[WHEN_TIME_SIZE];

	when_time(event->received_at, received);
	table_printf(table, TABLE_PLAIN, "%lld", (long long)event->event_id);
	table_cell(table, slice_from(received), TABLE_PLAIN);
	if (t->sites)
		table_cell(table, event->site, TABLE_PLAIN);
	table_cell(table, event->status, color_of(event->status));
	table_cell(table, event->name.n > 0 ? event->name : event->kind, TABLE_PLAIN);
	table_cell(table, event->email, TABLE_PLAIN);
	table_cell(table, why(event), TABLE_PLAIN);
}
