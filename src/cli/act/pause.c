/*
 * pause: nothing is sent for a site until it is resumed, also across restarts. Events are still
 * taken and kept; requests under way end normally.
 */
#include "cli/act/site_control.h"

int
verb_pause(const struct options *o)
{
	return site_control(o, SITE_CONTROL_PAUSE);
}
