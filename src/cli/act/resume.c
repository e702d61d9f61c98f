/*
 * resume: ends a pause. The site is tried at once, even when it was backing off or had paused
 * automatically.
 */
#include "cli/act/site_control.h"

int
verb_resume(const struct options *o)
{
	return site_control(o, SITE_CONTROL_RESUME);
}
