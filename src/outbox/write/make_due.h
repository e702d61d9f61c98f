/*
 * Makes the unresolved events of an address due, one step at a time. Writer's thread, inside its
 * transaction; used by resolve.c only.
 */
#ifndef OUTBOX_WRITE_MAKE_DUE_H
#define OUTBOX_WRITE_MAKE_DUE_H

#include "outbox/write/unresolved.h"

struct make_due_entry {
	bool is_user; /* true: all ids of the person; false: this device only */
	char id[SEGMENT_ID_MAX + 1];
};

/* One address, and the ids whose events go to it. */
struct make_due {
	struct unresolved *u;
	int64_t site_id;
	char email[IDENTITY_EMAIL_SIZE];
	struct make_due_entry entry[UNRESOLVED_ENTRIES];
	size_t n;
	int64_t after; /* the events up to this one are done */
	int64_t up_to; /* after a step: the last event that it read; INT64_MAX: all */
	int64_t n_due; /* events that became due */
	struct err *e;
};

/* Makes at most UNRESOLVED_STEP events of each id due, and none before an older event of another
 * id. */
int make_due_step(struct make_due *r);

#endif
