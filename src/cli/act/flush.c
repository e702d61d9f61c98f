/*
 * flush: tries a site and its delayed events at once, whatever the site waits for. An operator's
 * pause stays.
 */
#include "cli/act/site_control.h"

int
verb_flush(const struct options *o)
{
	return site_control(o, SITE_CONTROL_FLUSH);
}
