/* A table of events for people. One thread. */
#ifndef CLI_REPORT_EVENT_TABLE_H
#define CLI_REPORT_EVENT_TABLE_H

#include "outbox/read/audit.h"
#include "term/table.h"
#include "term/terminal.h"

#define EVENT_TABLE_COLUMNS 7

struct event_table {
	struct table *table;
	struct table_column columns[EVENT_TABLE_COLUMNS];
	bool sites; /* each row names its site, because there are several */
};

/* Whether the database has several sites; false when it cannot be read. */
bool event_table_names_sites(struct outbox_audit *audit);
/* Begins the table; the caller ends it with table_end(t->table). -1 when out of memory. */
int event_table_init(struct event_table *t, struct outbox_audit *audit,
    const struct terminal *terminal, struct buf *to, struct err *e);
void event_table_add(struct event_table *t, const struct audit_event *event);

#endif
