/*
 * release: held events, by an operator or by the spooler, become pending again and due at once.
 */
#include "cli/act/change.h"

int
verb_release(const struct options *o)
{
	return change_events(o, OPERATE_RELEASE);
}
