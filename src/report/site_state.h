/* The state of a site in words: for machines as in the view `sites`, and for people. Pure. */
#ifndef REPORT_SITE_STATE_H
#define REPORT_SITE_STATE_H

#include "outbox/read/audit.h"
#include "term/table.h"

/* "ready", "backoff" or "paused". */
const char *site_state_name(enum outbox_site_mode mode);
/* "ready", "backing off" or "paused". */
const char *site_state_text(enum outbox_site_mode mode);
/* The color of a state; an operator's pause counts as paused. */
enum table_color site_state_color(const struct audit_site *site);

#endif
