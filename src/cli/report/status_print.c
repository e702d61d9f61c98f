/* Prints the status for people: the daemon, the database, each site, and the problems. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/report/boxes.h"
#include "cli/report/status.h"
#include "report/forecast.h"
#include "report/mend.h"
#include "report/site_state.h"
#include "term/table.h"
#include "term/when.h"

#define FIELD 15         /* columns for a name */
#define SMALL_BYTES 10e9 /* fewer are shown in MB */

struct page {
	const struct status *status;
	const struct terminal *terminal;
};

static void
print_daemon(const struct page *p)
{
	const struct peer *peer = &p->status->peer;
	char since[WHEN_TIME_SIZE], words[sizeof(peer->why) + 64];

	switch (peer->state) {
	case PEER_UP:
		when_time(peer->started_at, since);
		printf("daemon    running (version %s, process %ld) since %s %s\n", peer->version,
		    peer->pid, since, when_zone());
		return;
	case PEER_DOWN:
		printf("daemon    not running\n");
		return;
	case PEER_SILENT:
		snprintf(words, sizeof(words), "process %ld%s: %s", peer->pid,
		    peer->is_denied ? "" : " does not answer", peer->why);
		printf("daemon    ");
		terminal_print_wrapped(p->terminal, 10, slice_from(words));
		return;
	}
}

/* Prints a name and a text, on as many lines as needed; nothing for an empty text. */
static void
print_field(const struct page *p, const char *name, struct slice text)
{
	if (text.n == 0)
		return;
	printf("  %-*s", FIELD - 2, name);
	terminal_print_wrapped(p->terminal, FIELD, text);
}

static void
print_counts(const struct audit_site *site)
{
	for (int i = 0; i < STATUS_COUNT; i++)
		if (site->counts[i] > 0 || i <= STATUS_FAILED)
			printf("  %-12s %12lld\n", status_name((enum event_status)i),
			    (long long)site->counts[i]);
	if (site->awaiting > 0)
		printf("  %-12s %12lld  (pending until an identify call gives their address)\n",
		    "awaiting", (long long)site->awaiting);
	if (site->maybe_sent > 0)
		printf("  %-12s %12lld  (Bento may have received them; perhaps twice: %lld)\n",
		    "maybe sent", (long long)site->maybe_sent, (long long)site->perhaps_twice);
}

static void
print_last_attempt(const struct page *p, const struct audit_site *site)
{
	int64_t at = site->last_finished_at != 0 ? site->last_finished_at : site->last_started_at;
	char when[WHEN_TIME_SIZE], ago[WHEN_AGO_SIZE], http[32] = "";
	struct buf error;

	if (site->last_attempt_id == 0) {
		printf("  last attempt none yet\n");
		return;
	}
	when_time(at, when);
	when_ago(p->status->now, at, ago);
	if (site->last_http_status != 0)
		snprintf(http, sizeof(http), ", HTTP %d", site->last_http_status);
	printf("  last attempt %s, %s: %s%s\n", when, ago,
	    site->last_outcome[0] == '\0' ? "in flight" : site->last_outcome, http);
	buf_init(&error, AUDIT_TEXT_MAX);
	/* The reason of a site that is not ready usually ends with the last error: do not
	 * repeat it. */
	if (site->mode == OUTBOX_SITE_READY || strstr(site->reason, site->last_error) == NULL)
		table_append_clean(&error, slice_from(site->last_error));
	print_field(p, "", buf_slice(&error));
	buf_free(&error);
}

static void
print_pause(const struct page *p, const struct audit_site *site)
{
	char ago[WHEN_AGO_SIZE];
	struct buf note;

	when_ago(p->status->now, site->pause_at, ago);
	buf_init(&note, 4 * AUDIT_TEXT_MAX);
	buf_printf(&note, "by %s, %s%s%s", site->pause_by, ago,
	    site->pause_note[0] == '\0' ? "" : ": ", site->pause_note);
	print_field(p, "paused", buf_slice(&note));
	buf_free(&note);
}

static void
print_forecast(const struct page *p, const struct forecast *f)
{
	char in[16], out[16], pace[16];
	struct buf text;

	forecast_number(f->in, in);
	forecast_number(f->out, out);
	forecast_number(f->pace, pace);
	buf_init(&text, AUDIT_TEXT_MAX);
	buf_printf(&text, "%s in, %s out per minute", in, out);
	if (f->pace > 0)
		buf_printf(&text, "; the settings allow %s", pace);
	print_field(p, "rate", buf_slice(&text));
	buf_clear(&text);
	forecast_describe(f, &text);
	if (f->backlog > 0)
		print_field(p, "drained", buf_slice(&text));
	buf_free(&text);
}

/* Continues the line of the site's state. */
static void
print_wait(const struct page *p, const struct audit_site *site)
{
	char age[WHEN_AGE_SIZE];

	if (site->pause_at != 0)
		printf(", was %s before", site_state_text(site->mode));
	else if (p->status->peer.state == PEER_DOWN)
		printf(", next attempt when the daemon runs");
	else if (p->status->now < CLOCK_FLOOR)
		printf(", clock not set");
	else {
		when_age(site->next_attempt_at - p->status->now, age);
		printf(", next attempt in %s", age);
	}
	printf(
	    ", %lld failure%s in a row", (long long)site->failures, words_plural(site->failures));
}

static void
print_site(const struct page *p, const struct audit_site *site)
{
	bool waits = site->mode != OUTBOX_SITE_READY;
	char age[WHEN_AGE_SIZE];

	printf("\nsite %s: %s%s%s", site->name,
	    table_paint(p->terminal->color, site_state_color(site)),
	    site->pause_at != 0 ? "paused by an operator" : site_state_text(site->mode),
	    table_paint_end(p->terminal->color));
	if (waits)
		print_wait(p, site);
	putchar('\n');
	if (waits)
		print_field(p, "reason", slice_from(site->reason));
	if (site->mode == OUTBOX_SITE_PAUSED && site->pause_at == 0)
		print_field(p, "then", SLICE(MEND_PAUSED));
	if (site->pause_at != 0)
		print_pause(p, site);
	print_counts(site);
	if (site->oldest_pending_id != 0) {
		when_for(p->status->now, site->oldest_pending_at, age);
		printf("  oldest       event %lld has waited %s%s\n",
		    (long long)site->oldest_pending_id,
		    p->status->now < CLOCK_FLOOR ? "since its receipt: " : "for ", age);
	}
	print_forecast(p, &p->status->forecasts[site - p->status->sites]);
	print_last_attempt(p, site);
}

/* Printed only when requests were refused, so that the status of a healthy spooler stays short. */
static void
print_requests(const struct page *p)
{
	const struct requests_report *r = &p->status->requests;
	struct buf text;

	if (r->day.refused + r->hour.refused + r->day.reused == 0)
		return;
	buf_init(&text, 1024);
	requests_report_describe(r, &text);
	fputs("requests  ", stdout);
	terminal_print_wrapped(p->terminal, 10, buf_slice(&text));
	buf_free(&text);
}

static void
print_certificates(const struct page *p)
{
	const struct peer *peer = &p->status->peer;
	char end[WHEN_TIME_SIZE], left[WHEN_AGE_SIZE];

	for (size_t i = 0; i < peer->n_certificates; i++) {
		const struct peer_certificate *c = &peer->certificates[i];

		when_time(c->use.not_after, end);
		when_age(c->use.not_after - p->status->now, left);
		printf("tls       %s: certificate of %s until %s, in %s\n", c->listener,
		    c->use.name, end, left);
	}
}

static void
print_problem(const struct page *p, const char *problem)
{
	printf("%s! ", table_paint(p->terminal->color, TABLE_BAD));
	terminal_print_wrapped(p->terminal, 2, slice_from(problem));
	fputs(table_paint_end(p->terminal->color), stdout);
}

void
status_print(const struct status *s, const struct terminal *terminal)
{
	const struct page page = { s, terminal };

	print_daemon(&page);
	if (s->host[0] != '\0')
		printf(
		    "host      %s%s\n", s->host, s->host_is_here ? ", this one" : ", not this one");
	printf("database  %s\n          %.1f MB, WAL %.1f MB", s->config->database,
	    (double)s->database_bytes / 1e6, (double)s->wal_bytes / 1e6);
	if (s->free_bytes != UINT64_MAX)
		printf((double)s->free_bytes < SMALL_BYTES ? ", %.0f MB free" : ", %.1f GB free",
		    (double)s->free_bytes / ((double)s->free_bytes < SMALL_BYTES ? 1e6 : 1e9));
	putchar('\n');
	print_certificates(&page);
	print_requests(&page);
	for (size_t i = 0; i < s->n_sites; i++)
		print_site(&page, &s->sites[i]);
	boxes_print(s, terminal);
	if (s->needs.n > 0)
		putchar('\n');
	for (size_t i = 0; i < s->needs.n; i++)
		print_problem(&page, s->needs.need[i].text);
}

static const char *
check_word(const struct status *s)
{
	if (s->needs.n == 0)
		return "OK";
	return s->needs.n == 1 && s->peer.is_denied ? "UNKNOWN" : "CRITICAL";
}

void
status_print_check(const struct status *s)
{
	int64_t pending = 0, oldest = 0, age;
	size_t backing_off = 0;

	for (size_t i = 0; i < s->n_sites; i++) {
		const struct audit_site *site = &s->sites[i];

		pending += site->counts[STATUS_PENDING];
		age = site->oldest_pending_id == 0 ? 0 : s->now - site->oldest_pending_at;
		oldest = age > oldest ? age : oldest;
		backing_off += site->mode == OUTBOX_SITE_BACKOFF;
	}
	printf("%s: ", check_word(s));
	for (size_t i = 0; i < s->needs.n; i++)
		printf("%s%s", i > 0 ? "; " : "", s->needs.need[i].text);
	if (s->needs.n == 0)
		printf("%zu site%s, %lld event%s pending", s->n_sites,
		    words_plural((int64_t)s->n_sites), (long long)pending, words_plural(pending));
	if (s->needs.n == 0 && backing_off > 0)
		printf(", %zu backing off", backing_off);
	boxes_print_unseen(s);
	/* "U" is a value that is not known. */
	if (s->now < CLOCK_FLOOR)
		printf(" | pending=%lld oldest=U", (long long)pending);
	else
		printf(
		    " | pending=%lld oldest=%llds", (long long)pending, (long long)(oldest / 1000));
	printf(
	    " failed=%lld held=%lld\n", (long long)s->troubled.failed, (long long)s->troubled.held);
}
