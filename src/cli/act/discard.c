/*
 * discard: the selected events that are not delivered will not be sent. They stay in the audit;
 * undo or requeue brings them back.
 */
#include "cli/act/change.h"

int
verb_discard(const struct options *o)
{
	return change_events(o, OPERATE_DISCARD);
}
