/*
 * expire: pending and held events become failed, with the reason expired, as if they were too old.
 */
#include "cli/act/change.h"

int
verb_expire(const struct options *o)
{
	return change_events(o, OPERATE_EXPIRE);
}
