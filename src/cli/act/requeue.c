/*
 * requeue: events that did not arrive become pending and are sent again. Delivered events are
 * included only when the filter names them by an id, a messageId or their status; the question says
 * how many.
 */
#include "cli/act/change.h"

int
verb_requeue(const struct options *o)
{
	return change_events(o, OPERATE_REQUEUE);
}
