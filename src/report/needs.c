/* One function for each kind of fault. The sentences end with the remedy. */
#include "report/needs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "base/utf8.h"
#include "report/mend.h"
#include "term/when.h"
#include "tls/dates.h"

#define DAY_MS INT64_C(86400000)

struct needs_limits
needs_limits_of(const struct config *c, int64_t now)
{
	return (struct needs_limits){
		.now = now,
		.max_age = c->alarm_after,
		.max_backoff = c->alarm_after,
		.failed_since = now - DAY_MS,
		.max_failed = 0,
		.max_refused = (int)c->ingest.refused_percent,
		.min_certificate = c->ingest.certificate_days * DAY_MS,
	};
}

struct need *
needs_add(struct needs *n, const char *fmt, ...)
{
	struct need *need;
	va_list ap;

	if (n->n == NEEDS_MAX)
		return NULL;
	need = &n->need[n->n++];
	*need = (struct need){ .screen = NULL };
	va_start(ap, fmt);
	vsnprintf(need->text, sizeof(need->text), fmt, ap);
	va_end(ap);
	need->text[utf8_whole(need->text, strlen(need->text))] = '\0';
	return need;
}

/* Adds a command and a screen. A command that does not fit is left out. */
static void
offer(struct need *need, const char *screen, const char *command)
{
	if (need == NULL)
		return;
	need->screen = screen;
	if (strlen(command) < sizeof(need->command))
		memcpy(need->command, command, strlen(command) + 1);
}

static void
offer_for_site(struct need *need, const char *command, const char *site)
{
	struct buf text;

	buf_init(&text, NEED_COMMAND);
	buf_printf(&text, "%s --site ", command);
	mend_quote(slice_from(site), &text);
	if (!text.failed)
		offer(need, NULL, text.p);
	buf_free(&text);
}

static void
mark_quote(struct need *need)
{
	if (need != NULL)
		need->quotes = true;
}

void
needs_of_health(struct needs *n, const char *text)
{
	offer(needs_add(n, "the daemon refuses events: %.200s", text), SCREEN_STORAGE,
	    "bentospool doctor");
}

void
needs_of_archive(struct needs *n, const struct config *c)
{
	int cause = config_try_archive(c);

	if (cause == ENOENT || cause == ENOTDIR || cause == EROFS)
		offer(needs_add(n, "retention cannot write to its archive %.100s: %s: %s",
			  c->retention.archive, strerror(cause), config_archive_remedy(cause)),
		    SCREEN_STORAGE, "bentospool doctor");
}

void
needs_of_requests(
    struct needs *n, const struct requests_report *r, const struct needs_limits *limits)
{
	struct buf text;

	buf_init(&text, NEED_TEXT - 1);
	if (requests_report_problem(r, limits->max_refused, &text))
		needs_add(n, "%.*s", (int)text.n, text.p);
	buf_free(&text);
}

void
needs_of_troubled(
    struct needs *n, const struct audit_troubled *t, const struct needs_limits *limits)
{
	int64_t events = t->failed + t->held;
	const char *least = events == NEEDS_TROUBLED_MAX ? "at least " : "";
	char age[WHEN_AGE_SIZE], failed[64] = "", held[64] = "";

	if (events <= limits->max_failed)
		return;
	when_age(limits->now - limits->failed_since, age);
	if (t->failed > 0)
		snprintf(failed, sizeof(failed), "%lld event%s failed", (long long)t->failed,
		    words_plural(t->failed));
	if (t->held > 0)
		snprintf(held, sizeof(held), "%s%lld%s%s %s held", t->failed > 0 ? " and " : "",
		    (long long)t->held, t->failed > 0 ? "" : " event",
		    t->failed > 0 ? "" : words_plural(t->held), t->held == 1 ? "is" : "are");
	offer(
	    needs_add(n, "%s%s%s within %s: %s%s%s", least, failed, held, age,
		t->failed > 0 ? "bentospool errors" : "", t->failed > 0 && t->held > 0 ? ", " : "",
		t->held > 0 ? "bentospool list --status held" : ""),
	    t->failed > 0 ? SCREEN_ERRORS : SCREEN_EVENTS_HELD,
	    t->failed > 0 ? "bentospool errors" : "bentospool list --status held");
}

void
needs_of_clock(struct needs *n, int64_t unset_events, const struct needs_limits *limits)
{
	if (limits->now < CLOCK_FLOOR)
		needs_add(n,
		    "the clock of this machine is not set, so ages are not known: set it, or start "
		    "systemd-timesyncd, chrony or ntpd");
	if (unset_events > 0)
		needs_add(n,
		    "the clock of this machine was not set when %lld event%s arrived: nothing is "
		    "sent until it is; set it, or start systemd-timesyncd, chrony or ntpd",
		    (long long)unset_events, words_plural(unset_events));
}

void
needs_of_certificate(struct needs *n, const char *listener, const struct tls_certificate *c,
    const char *fault, const struct needs_limits *limits)
{
	char text[TLS_DATES_TEXT];

	if (tls_dates_describe(c, limits->now, limits->min_certificate, text))
		needs_add(n, "%s: the certificate %s", listener, text);
	if (fault[0] != '\0')
		needs_add(n, "%s: the new certificate is not used: %.200s", listener, fault);
}

static void
check_state(struct needs *n, const struct audit_site *site, const struct needs_limits *limits)
{
	int64_t unready = site->unready_since == 0 ? 0 : limits->now - site->unready_since;
	char age[WHEN_AGE_SIZE];
	struct need *need;

	if (site->pause_at != 0) {
		need = needs_add(n, "site %s was paused by %s: bentospool resume --site %s",
		    site->name, site->pause_by, site->name);
		mark_quote(need);
		offer_for_site(need, "bentospool resume", site->name);
	}
	if (site->mode == OUTBOX_SITE_PAUSED) {
		need = needs_add(n, "site %s is paused: %s", site->name, site->reason);
		mark_quote(need);
		/* It tries the sites again that paused automatically, even if nothing changed. */
		offer(need, NULL, "bentospool reload");
	}
	if (site->mode == OUTBOX_SITE_BACKOFF && unready > limits->max_backoff) {
		when_age(unready, age);
		need = needs_add(n, "site %s has been backing off for %s: %.100s", site->name, age,
		    site->reason);
		mark_quote(need);
		offer_for_site(need, "bentospool flush", site->name);
	}
}

void
needs_of_site(struct needs *n, const struct audit_site *site, const struct needs_limits *limits)
{
	char age[WHEN_AGE_SIZE], command[64];

	check_state(n, site, limits);
	if (site->oldest_pending_id == 0
	    || limits->now - site->oldest_pending_at <= limits->max_age)
		return;
	when_age(limits->now - site->oldest_pending_at, age);
	snprintf(command, sizeof(command), "bentospool history --id %lld",
	    (long long)site->oldest_pending_id);
	offer(needs_add(n, "site %s: event %lld has waited for %s", site->name,
		  (long long)site->oldest_pending_id, age),
	    NULL, command);
}
