/*
 * Events that no request can carry, all for the same reason. The writer settles them, so that they
 * do not block later events. While the writer has the list, no event is added. One thread.
 */
#ifndef DISPATCH_QUEUE_UNFIT_H
#define DISPATCH_QUEUE_UNFIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/context.h"
#include "event/kind.h"
#include "outbox/outbox.h"

#define UNFIT_MAX 256

struct unfit {
	int64_t ids[UNFIT_MAX]; /* ascending */
	size_t n;
	const char *reason; /* static; NULL: the list is empty */
	const char *detail; /* static; NULL: the reason says it all */
	enum event_status status;
	struct outbox_settle settle;
	struct errand errand;
};

/* Returns false when the list is full, has events for another reason or with another detail, or is
 * with the writer. The event then stays due and is found again. */
bool unfit_add(
    struct unfit *u, int64_t id, const char *reason, const char *detail, enum event_status status);
/* Empties the list. Call it only while the writer does not have the message. */
void unfit_forget(struct unfit *u);
/* Sends the list to the writer when the errand is due. The caller sets u->errand.back and owner. */
void unfit_settle(struct unfit *u, struct dispatch_context *ctx, int64_t now);

#endif
