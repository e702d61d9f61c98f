/*
 * hold: pending events are held and not sent until they are released. A request in flight ends
 * normally.
 */
#include "cli/act/change.h"

int
verb_hold(const struct options *o)
{
	return change_events(o, OPERATE_HOLD);
}
