/*
 * A mailbox of site changes. The dispatcher reports a site's mode after every request; only the
 * first report of a pause and the first success after it are posted. When memory or the mailbox is
 * full, a change is dropped, or reported twice: an extra alarm is better than none.
 */
#include "daemon/site_changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mailbox.h"
#include "daemon/alarm.h"

#define CHANGES_MAX 1024 /* the most changes in the mailbox, which is emptied once a second */

struct change {
	struct mail mail; /* must be first */
	enum alarm_event event;
	char site[128];
	char text[ALARM_TEXT_SIZE];
};

struct site_changes {
	struct mailbox box;
	/* Owned by the dispatcher's thread: names of sites that paused and have not delivered
	 * since. */
	char **paused;
	size_t n_paused;
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
	for (size_t i = 0; i < c->n_paused; i++)
		free(c->paused[i]);
	free(c->paused);
	free(c);
}

static size_t
find_paused(const struct site_changes *c, const char *site)
{
	size_t i = 0;

	while (i < c->n_paused && strcmp(c->paused[i], site) != 0)
		i++;
	return i;
}

static bool
note_paused(struct site_changes *c, const char *site)
{
	char **grown, *copy;

	if (find_paused(c, site) < c->n_paused)
		return false;
	grown = reallocarray(c->paused, c->n_paused + 1, sizeof(*grown));
	copy = strdup(site);
	if (grown != NULL)
		c->paused = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		return true;
	}
	c->paused[c->n_paused++] = copy;
	return true;
}

static bool
forget_paused(struct site_changes *c, const char *site)
{
	size_t i = find_paused(c, site);

	if (i == c->n_paused)
		return false;
	free(c->paused[i]);
	c->paused[i] = c->paused[--c->n_paused];
	return true;
}

/* Each failing probe of a paused site is reported again: only the first report counts. */
static bool
is_new(struct site_changes *c, const char *site, enum outbox_site_mode mode)
{
	switch (mode) {
	case OUTBOX_SITE_PAUSED:
		return note_paused(c, site);
	case OUTBOX_SITE_READY:
		return forget_paused(c, site);
	case OUTBOX_SITE_BACKOFF:
		break;
	}
	return false;
}

void
site_changes_post(void *arg, const char *site, enum outbox_site_mode mode, const char *reason)
{
	struct site_changes *c = arg;
	struct change *change;

	if (!is_new(c, site, mode))
		return;
	change = calloc(1, sizeof(*change));
	if (change == NULL)
		return;
	change->mail.cost = 1;
	change->event = mode == OUTBOX_SITE_PAUSED ? ALARM_SITE_PAUSED : ALARM_SITE_RESUMED;
	snprintf(change->site, sizeof(change->site), "%s", site);
	if (mode == OUTBOX_SITE_PAUSED)
		snprintf(change->text, sizeof(change->text), "site %s is paused: %s", site, reason);
	else
		snprintf(change->text, sizeof(change->text), "site %s delivers again", site);
	if (mailbox_push(&c->box, &change->mail) != 0)
		free(change);
}

void
site_changes_raise(struct site_changes *c, struct alarm *alarm)
{
	struct mail *list = mailbox_take(&c->box);
	size_t count = 0;

	for (struct mail *m = list; m != NULL; m = m->next, count++) {
		const struct change *change = (const struct change *)m;

		alarm_raise(alarm, change->event, change->site, change->text);
	}
	mailbox_release(&c->box, count, count);
	free_changes(list);
}
