#include "daemon/news.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mailbox.h"
#include "daemon/alarm.h"

#define NEWS_MAX 1024 /* that wait; more are changes faster than anybody could react to */

struct item {
	struct mail mail; /* first */
	enum alarm_event event;
	char site[128];
	char text[ALARM_TEXT_SIZE];
};

struct news {
	struct mailbox box;
	/* dispatcher's thread: names of sites that paused and have not delivered since */
	char **paused;
	size_t n_paused;
};

int
news_new(struct news **ret_news, struct err *e)
{
	struct news *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return err_nomem(e);
	if (mailbox_init(&n->box, NEWS_MAX, NEWS_MAX, NULL, NULL, e) != 0) {
		free(n);
		return -1;
	}
	*ret_news = n;
	return 0;
}

static void
free_items(struct mail *mail)
{
	while (mail != NULL) {
		struct mail *next = mail->next;

		free(mail);
		mail = next;
	}
}

void
news_free(struct news *n)
{
	if (n == NULL)
		return;
	free_items(mailbox_take(&n->box));
	mailbox_free(&n->box);
	for (size_t i = 0; i < n->n_paused; i++)
		free(n->paused[i]);
	free(n->paused);
	free(n);
}

static size_t
find_paused(const struct news *n, const char *site)
{
	size_t i = 0;

	while (i < n->n_paused && strcmp(n->paused[i], site) != 0)
		i++;
	return i;
}

static bool
note_paused(struct news *n, const char *site)
{
	char **grown, *copy;

	if (find_paused(n, site) < n->n_paused)
		return false;
	grown = reallocarray(n->paused, n->n_paused + 1, sizeof(*grown));
	copy = strdup(site);
	if (grown != NULL)
		n->paused = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		return true; /* better an alarm too many */
	}
	n->paused[n->n_paused++] = copy;
	return true;
}

static bool
forget_paused(struct news *n, const char *site)
{
	size_t i = find_paused(n, site);

	if (i == n->n_paused)
		return false;
	free(n->paused[i]);
	n->paused[i] = n->paused[--n->n_paused];
	return true;
}

/* Each failing probe of a paused site says so again: only the first is news. */
static bool
is_news(struct news *n, const char *site, enum outbox_site_mode mode)
{
	switch (mode) {
	case OUTBOX_SITE_PAUSED:
		return note_paused(n, site);
	case OUTBOX_SITE_READY:
		return forget_paused(n, site);
	case OUTBOX_SITE_BACKOFF:
		break;
	}
	return false;
}

void
news_post(void *arg, const char *site, enum outbox_site_mode mode, const char *reason)
{
	struct news *n = arg;
	struct item *item;

	if (!is_news(n, site, mode))
		return;
	item = calloc(1, sizeof(*item));
	if (item == NULL)
		return;
	item->mail.cost = 1;
	item->event = mode == OUTBOX_SITE_PAUSED ? ALARM_SITE_PAUSED : ALARM_SITE_RESUMED;
	snprintf(item->site, sizeof(item->site), "%s", site);
	if (mode == OUTBOX_SITE_PAUSED)
		snprintf(item->text, sizeof(item->text), "site %s is paused: %s", site, reason);
	else
		snprintf(item->text, sizeof(item->text), "site %s delivers again", site);
	if (mailbox_push(&n->box, &item->mail) != 0)
		free(item);
}

void
news_read(struct news *n, struct alarm *alarm)
{
	struct mail *list = mailbox_take(&n->box);
	size_t count = 0;

	for (struct mail *m = list; m != NULL; m = m->next, count++) {
		const struct item *item = (const struct item *)m;

		alarm_raise(alarm, item->event, item->site, item->text);
	}
	mailbox_release(&n->box, count, count);
	free_items(list);
}
