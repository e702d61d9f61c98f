/* Events as lines of a table for people: the same in every verb that lists some. */
#ifndef CLI_EVENT_TABLE_H
#define CLI_EVENT_TABLE_H

#include "cli/table.h"
#include "cli/terminal.h"
#include "outbox/audit.h"

/* NULL when out of memory; table_end ends it. */
struct table *event_table_new(const struct terminal *terminal, struct buf *to);
void event_table_add(struct table *table, const struct audit_event *event);

#endif
