/* The remedy for a group of failures: in words, as a verb with its filter, and as a command. Pure.
 */
#ifndef REPORT_MEND_H
#define REPORT_MEND_H

#include "base/buf.h"
#include "base/err.h"
#include "outbox/filter/filter.h"
#include "report/complaints.h"

/* What to do after the cause of an automatic pause was corrected. */
#define MEND_PAUSED "bentospool reload after a change here, bentospool flush after one at Bento"

struct mend {
	const char *verb; /* "requeue"; NULL: no verb for the events is needed */
	const char *why;  /* what to do first, and what the verb does then */
};

struct mend mend_of(const struct complaint *c);
/* Fills in an initialized filter that selects the events of the group. ERR_NOMEM. */
int mend_filter(const struct complaint *c, struct outbox_filter *f, struct err *e);
/* Appends "bentospool requeue --site shop --status failed ...", for a shell, with `between` before
 * each option; nothing without a verb. It has no control character otherwise. */
void mend_command(const struct complaint *c, char between, struct buf *to);
/* Returns { "verb", "why", "filter", "command" }; NULL without memory. */
struct cJSON *mend_json(const struct complaint *c);
/* Appends a word as a shell reads it: 'it'\''s'. */
void mend_quote(struct slice word, struct buf *to);

#endif
