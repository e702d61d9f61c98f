/*
 * flush: a site is tried at once, whatever it waits for, with its delayed events. A pause by an
 * operator stays.
 */
#include "cli/act/site_control.h"

int
verb_flush(const struct options *o)
{
	return site_control(o, SITE_CONTROL_FLUSH);
}
