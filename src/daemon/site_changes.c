/*
 * A mailbox of site states. The dispatcher posts a site's state after every request that may have
 * changed it; the main thread remembers each site's state, and raises an alarm only for the first
 * of several equal ones. When memory or the mailbox is full, a state is dropped; the next request
 * posts it again.
 */
#include "daemon/site_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mailbox.h"
#include "daemon/alarm.h"

#define CHANGES_MAX 1024 /* the most changes in the mailbox, which is emptied once a second */
#define NAME_SIZE 128

struct change {
	struct mail mail; /* must be first */
	enum outbox_site_mode mode;
	char site[NAME_SIZE];
	char reason[ALARM_TEXT_SIZE];
};

/* What the main thread knows of one site. */
struct known {
	char site[NAME_SIZE];
	enum outbox_site_mode mode;
	char reason[ALARM_TEXT_SIZE]; /* "" when it is ready */
	int64_t unready_ms;           /* mono: when it was last ready; 0: it is ready */
	bool alarmed;                 /* an alarm has no end yet */
};

struct site_changes {
	struct mailbox box;
	/* Owned by the main thread. */
	struct known *known;
	size_t n_known;
};

int
site_changes_new(struct site_changes **ret_changes, struct err *e)
{
	struct site_changes *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_nomem(e);
	if (mailbox_init(&c->box, CHANGES_MAX, CHANGES_MAX, NULL, NULL, e) != 0) {
		free(c);
		return -1;
	}
	*ret_changes = c;
	return 0;
}

static void
free_changes(struct mail *mail)
{
	while (mail != NULL) {
		struct mail *next = mail->next;

		free(mail);
		mail = next;
	}
}

void
site_changes_free(struct site_changes *c)
{
	if (c == NULL)
		return;
	free_changes(mailbox_take(&c->box));
	mailbox_free(&c->box);
	free(c->known);
	free(c);
}

void
site_changes_post(void *arg, const char *site, enum outbox_site_mode mode, const char *reason)
{
	struct site_changes *c = arg;
	struct change *change = calloc(1, sizeof(*change));

	if (change == NULL)
		return;
	change->mail.cost = 1;
	change->mode = mode;
	snprintf(change->site, sizeof(change->site), "%s", site);
	snprintf(change->reason, sizeof(change->reason), "%s", reason);
	if (mailbox_push(&c->box, &change->mail) != 0)
		free(change);
}

/* ---- the main thread ------------------------------------------------------------------------ */

static struct known *
find_known(struct site_changes *c, const char *site)
{
	struct known *grown;

	for (size_t i = 0; i < c->n_known; i++)
		if (strcmp(c->known[i].site, site) == 0)
			return &c->known[i];
	grown = reallocarray(c->known, c->n_known + 1, sizeof(*grown));
	if (grown == NULL)
		return NULL;
	c->known = grown;
	grown += c->n_known++;
	*grown = (struct known){ .mode = OUTBOX_SITE_READY };
	snprintf(grown->site, sizeof(grown->site), "%s", site);
	return grown;
}

static void
raise_one(struct known *k, struct alarm *alarm, enum alarm_event event, const char *state)
{
	char text[NAME_SIZE + ALARM_TEXT_SIZE + 64];

	snprintf(text, sizeof(text), "site %s %s%s%s", k->site, state,
	    k->reason[0] == '\0' ? "" : ": ", k->reason);
	alarm_raise(alarm, event, k->site, text);
	k->alarmed = event != ALARM_SITE_RESUMED;
}

static void
take_change(struct known *k, const struct change *change, struct alarm *alarm, int64_t mono_ms)
{
	enum outbox_site_mode before = k->mode;

	k->mode = change->mode;
	snprintf(k->reason, sizeof(k->reason), "%s", change->reason);
	if (k->mode == OUTBOX_SITE_READY) {
		k->reason[0] = '\0';
		k->unready_ms = 0;
		if (k->alarmed)
			raise_one(k, alarm, ALARM_SITE_RESUMED, "delivers again");
		return;
	}
	if (before == OUTBOX_SITE_READY)
		k->unready_ms = mono_ms;
	if (k->mode == OUTBOX_SITE_PAUSED && before != OUTBOX_SITE_PAUSED)
		raise_one(k, alarm, ALARM_SITE_PAUSED, "is paused");
}

static void
take_changes(struct site_changes *c, struct alarm *alarm, int64_t mono_ms)
{
	struct mail *list = mailbox_take(&c->box);
	size_t count = 0;

	for (struct mail *m = list; m != NULL; m = m->next, count++) {
		const struct change *change = (const struct change *)m;
		struct known *k = find_known(c, change->site);

		if (k != NULL)
			take_change(k, change, alarm, mono_ms);
	}
	mailbox_release(&c->box, count, count);
	free_changes(list);
}

void
site_changes_raise(
    struct site_changes *c, struct alarm *alarm, int64_t mono_ms, int64_t alarm_after_ms)
{
	char state[64];

	take_changes(c, alarm, mono_ms);
	for (size_t i = 0; i < c->n_known; i++) {
		struct known *k = &c->known[i];

		if (k->mode != OUTBOX_SITE_BACKOFF || k->alarmed
		    || mono_ms - k->unready_ms < alarm_after_ms)
			continue;
		snprintf(state, sizeof(state), "has been backing off for %lld min",
		    (long long)((mono_ms - k->unready_ms) / 60000));
		raise_one(k, alarm, ALARM_SITE_BACKING_OFF, state);
	}
}
