/*
 * Boxes that need attention: silent ones, and those with an old backlog. One sentence for all of a
 * site, because a broken connection at the center silences every box. Cannot fail.
 */
#include <string.h>

#include "base/plural.h"
#include "report/listed.h"
#include "report/needs.h"
#include "term/when.h"

/* The boxes of a site with one fault. */
struct found {
	size_t n;
	int64_t longest; /* ms */
	const char *box; /* the box with the longest time */
};

static void
note(struct found *f, const struct audit_box *box, int64_t since, int64_t now)
{
	f->n++;
	if (f->box != NULL && now - since <= f->longest)
		return;
	f->longest = now - since;
	f->box = box->name;
}

static bool
is_longer(int64_t since, int64_t allowed, int64_t now)
{
	return allowed > 0 && since != 0 && now - since > allowed;
}

/* The backlog of a silent box is not known any more. */
static void
look(const struct boxes_seen *seen, const struct config_site *site, int64_t now,
    struct found *silent, struct found *behind)
{
	for (size_t i = 0; i < seen->n; i++) {
		const struct audit_box *box = &seen->boxes[i];

		if (listed_site(seen->config, seen->sites, seen->n_sites, box) != site)
			continue;
		if (is_longer(box->last_seen_at, site->box_silent_after, now))
			note(silent, box, box->last_seen_at, now);
		else if (is_longer(box->oldest_at, site->box_backlog_after, now))
			note(behind, box, box->oldest_at, now);
	}
}

static void
say(struct needs *n, const char *site, const struct found *f, const char *what)
{
	char age[WHEN_AGE_SIZE];
	struct need *need;

	if (f->n == 0)
		return;
	when_age(f->longest, age);
	need = needs_add(n, "site %.60s: %zu box%s %s, %s for %s", site, f->n,
	    f->n == 1 ? "" : "es", what, f->box, age);
	if (need != NULL)
		memcpy(need->command, "bentospool status", sizeof("bentospool status"));
}

void
needs_of_boxes(struct needs *n, const struct boxes_seen *seen, const struct needs_limits *limits)
{
	for (size_t i = 0; i < seen->config->n_sites; i++) {
		const struct config_site *site = &seen->config->sites[i];
		struct found silent = { 0 }, behind = { 0 };

		look(seen, site, limits->now, &silent, &behind);
		say(n, site->name, &silent, silent.n == 1 ? "has been silent" : "have been silent");
		say(n, site->name, &behind,
		    behind.n == 1 ? "has an event that waits" : "have events that wait");
	}
}
