/*
 * pause: nothing is sent for a site until it is resumed, even after a restart. Events are still
 * accepted and kept; requests in flight end normally.
 */
#include "cli/act/site_control.h"

int
verb_pause(const struct options *o)
{
	return site_control(o, SITE_CONTROL_PAUSE);
}
