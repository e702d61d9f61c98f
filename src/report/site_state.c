/* The words and colors of the states of a site. */
#include "report/site_state.h"

static const struct {
	const char *name;
	const char *text;
	enum table_color color;
} states[] = {
	[OUTBOX_SITE_READY] = { "ready", "ready", TABLE_GOOD },
	[OUTBOX_SITE_BACKOFF] = { "backoff", "backing off", TABLE_WAITING },
	[OUTBOX_SITE_PAUSED] = { "paused", "paused", TABLE_BAD },
};

const char *
site_state_name(enum outbox_site_mode mode)
{
	return states[mode].name;
}

const char *
site_state_text(enum outbox_site_mode mode)
{
	return states[mode].text;
}

enum table_color
site_state_color(const struct audit_site *site)
{
	return states[site->pause_at != 0 ? OUTBOX_SITE_PAUSED : site->mode].color;
}
