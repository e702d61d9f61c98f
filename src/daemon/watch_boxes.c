/*
 * Compares the boxes that are silent now with those of the last look, and raises one alarm for a
 * site whose boxes fell silent, and one when some are back. A box that is no longer listed is
 * forgotten. When the database cannot be read, nothing changes until the next look.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/alarm.h"
#include "daemon/watch.h"
#include "outbox/read/audit_box.h"
#include "outbox/read/audit_walk.h"
#include "report/listed.h"
#include "term/when.h"

/* What the database says. */
struct seen {
	struct audit_site *sites;
	size_t n_sites;
	struct audit_box *boxes;
	size_t n;
};

/* What changed for one site. */
struct change {
	const struct audit_box *fell, *back; /* the first of each */
	size_t n_fell, n_back, n_silent;
};

static bool
is_watched(const struct config *c)
{
	for (size_t i = 0; i < c->n_sites; i++)
		if (c->sites[i].box_silent_after > 0
		    && (c->sites[i].boxes.n > 0 || c->sites[i].boxes_file[0] != '\0'))
			return true;
	return false;
}

static int
read_boxes(const char *database, struct seen *seen)
{
	struct outbox_audit *audit;
	struct err e;
	int rc;

	*seen = (struct seen){ 0 };
	rc = outbox_audit_open(database, &audit, &e);
	if (rc == 0) {
		if (outbox_audit_sites(audit, &seen->sites, &seen->n_sites, &e) != 0
		    || outbox_audit_boxes(audit, &seen->boxes, &seen->n, &e) != 0)
			rc = -1;
		outbox_audit_close(audit);
	}
	if (rc != 0)
		log_debug("the boxes are not looked at: %s", e.text);
	return rc;
}

static bool
was_silent(const struct watch_silence *s, const struct audit_box *box)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->boxes[i].site_id == box->site_id && strcmp(s->boxes[i].name, box->name) == 0)
			return true;
	return false;
}

/* Appends the site's silent boxes to `next`, which has room. */
static void
look_at_site(const struct watch_silence *s, const struct config *c, const struct config_site *site,
    const struct seen *seen, int64_t now, struct watch_silence *next, struct change *change)
{
	for (size_t i = 0; i < seen->n; i++) {
		const struct audit_box *box = &seen->boxes[i];

		if (listed_site(c, seen->sites, seen->n_sites, box) != site)
			continue;
		if (now - box->last_seen_at > site->box_silent_after) {
			next->boxes[next->n++] = *box;
			change->n_silent++;
			if (!was_silent(s, box) && change->n_fell++ == 0)
				change->fell = box;
		} else if (was_silent(s, box) && change->n_back++ == 0) {
			change->back = box;
		}
	}
}

static void
name_boxes(char *to, size_t size, const struct audit_box *first, size_t n)
{
	if (n == 1)
		snprintf(to, size, "box %.64s", first->name);
	else
		snprintf(to, size, "box %.64s and %zu more", first->name, n - 1);
}

static void
raise_alarms(
    struct alarm *alarm, const struct config_site *site, const struct change *change, int64_t now)
{
	char text[ALARM_TEXT_SIZE], boxes[128], age[WHEN_AGE_SIZE];

	if (change->n_back > 0) {
		name_boxes(boxes, sizeof(boxes), change->back, change->n_back);
		snprintf(text, sizeof(text), "site %s: back: %s; silent: %zu", site->name, boxes,
		    change->n_silent);
		log_info("%s", text);
		alarm_raise(alarm, ALARM_BOX_BACK, site->name, text);
	}
	if (change->n_fell > 0) {
		when_age(now - change->fell->last_seen_at, age);
		name_boxes(boxes, sizeof(boxes), change->fell, change->n_fell);
		snprintf(text, sizeof(text), "site %s: silent for %s: %s: see bentospool status",
		    site->name, age, boxes);
		log_warn("%s", text);
		alarm_raise(alarm, ALARM_BOX_SILENT, site->name, text);
	}
}

void
watch_boxes(
    struct watch_silence *s, const struct config *c, struct alarm *alarm, const struct clock *clock)
{
	struct watch_silence next = { .next_ms = clock_mono(clock) + WATCH_BOXES_MS };
	int64_t now = clock_wall(clock);
	struct seen seen;

	if (!is_watched(c) || clock_mono(clock) < s->next_ms)
		return;
	s->next_ms = next.next_ms;
	if (read_boxes(c->database, &seen) == 0)
		next.boxes = calloc(seen.n + 1, sizeof(*next.boxes));
	for (size_t i = 0; next.boxes != NULL && i < c->n_sites; i++) {
		struct change change = { 0 };

		if (c->sites[i].box_silent_after == 0)
			continue;
		look_at_site(s, c, &c->sites[i], &seen, now, &next, &change);
		raise_alarms(alarm, &c->sites[i], &change, now);
	}
	if (next.boxes != NULL) {
		free(s->boxes);
		*s = next;
	}
	free(seen.sites);
	free(seen.boxes);
}
