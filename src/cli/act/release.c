/*
 * release: events that an operator or the spooler held become pending and due at once.
 */
#include "cli/act/change.h"

int
verb_release(const struct options *o)
{
	return change_events(o, OPERATE_RELEASE);
}
