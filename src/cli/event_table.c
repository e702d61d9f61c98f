#include "cli/event_table.h"

#include "cli/when.h"

struct table *
event_table_new(const struct terminal *terminal, struct buf *to)
{
	static struct table_column columns[] = { { "ID", 0, true }, { NULL, 0, false },
		{ "STATUS", 0, false }, { "NAME", 8, false }, { "EMAIL", 8, false },
		{ "WHY", 6, false } };

	columns[1].title = when_title("RECEIVED");
	return table_new(
	    columns, sizeof(columns) / sizeof(*columns), terminal->width, terminal->colour, to);
}

static enum table_colour
colour_of(struct slice status)
{
	if (SLICE_IS(status, "delivered"))
		return TABLE_GOOD;
	if (SLICE_IS(status, "pending"))
		return TABLE_WAITING;
	if (SLICE_IS(status, "failed") || SLICE_IS(status, "invalid") || SLICE_IS(status, "held"))
		return TABLE_BAD;
	return TABLE_FAINT;
}

/* The reason, else what the last attempt said of an event that still waits. */
static struct slice
why(const struct audit_event *event)
{
	if (event->reason.n > 0 || SLICE_IS(event->status, "delivered"))
		return event->reason;
	return event->error.n > 0 ? event->error : event->detail;
}

void
event_table_add(struct table *table, const struct audit_event *event)
{
	char received[WHEN_TIME_SIZE];

	when_time(event->received_at, received);
	table_printf(table, TABLE_PLAIN, "%lld", (long long)event->event_id);
	table_cell(table, slice_from(received), TABLE_PLAIN);
	table_cell(table, event->status, colour_of(event->status));
	table_cell(table, event->name.n > 0 ? event->name : event->kind, TABLE_PLAIN);
	table_cell(table, event->email, TABLE_PLAIN);
	table_cell(table, why(event), TABLE_PLAIN);
}
