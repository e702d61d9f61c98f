/*
 * The metrics of each site: what the database says of it, and what the writer has counted for it
 * since the start. A site that is no longer in the configuration keeps its series, because its
 * events are still there.
 */
#include <stdlib.h>

#include "admin/metrics/metrics_private.h"
#include "outbox/meters.h"

static const struct label *
of_site(const struct audit_site *site, const char *name, const char *value, struct label labels[2])
{
	labels[0] = (struct label){ "site", site->name };
	labels[1] = (struct label){ name, value };
	return labels;
}

/* ---- from the database ----------------------------------------------------------------------- */

static void
expose_events(const struct scrape *s)
{
	static const struct metric events = { "bentospool_events", METRIC_GAUGE, NULL,
		"Number of events in the database by status." };
	struct label labels[2];

	exposition_begin(s->x, &events);
	for (size_t i = 0; i < s->n_sites; i++)
		for (int status = 0; status < STATUS_COUNT; status++)
			exposition_count(s->x,
			    of_site(&s->sites[i], "status", status_name((enum event_status)status),
				labels),
			    2, (uint64_t)s->sites[i].counts[status]);
}

static void
expose_oldest(const struct scrape *s)
{
	static const struct metric oldest = { "bentospool_oldest_pending_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"When the oldest pending event with a known address was received; absent without "
		"one." };

	exposition_begin(s->x, &oldest);
	for (size_t i = 0; i < s->n_sites; i++)
		if (s->sites[i].oldest_pending_id != 0)
			exposition_micros(s->x, &(struct label){ "site", s->sites[i].name }, 1,
			    s->sites[i].oldest_pending_at * 1000);
}

/* As the view sites has it: an operator's pause comes before all else. */
static enum outbox_site_mode
state_of(const struct audit_site *site)
{
	return site->pause_at != 0 ? OUTBOX_SITE_PAUSED : site->mode;
}

static void
expose_states(const struct scrape *s)
{
	static const struct metric state = { "bentospool_site_state", METRIC_GAUGE, NULL,
		"1 for the state in which the site is: ready, backoff or paused." };
	static const struct metric since = { "bentospool_site_unready_timestamp_seconds",
		METRIC_GAUGE, "seconds",
		"Since when the site backs off or is paused; absent while it is ready." };
	static const struct {
		enum outbox_site_mode mode;
		const char *name;
	} modes[] = { { OUTBOX_SITE_READY, "ready" }, { OUTBOX_SITE_BACKOFF, "backoff" },
		{ OUTBOX_SITE_PAUSED, "paused" } };
	struct label labels[2];

	exposition_begin(s->x, &state);
	for (size_t i = 0; i < s->n_sites; i++)
		for (size_t k = 0; k < sizeof(modes) / sizeof(*modes); k++)
			exposition_count(s->x,
			    of_site(&s->sites[i], "state", modes[k].name, labels), 2,
			    state_of(&s->sites[i]) == modes[k].mode);
	exposition_begin(s->x, &since);
	for (size_t i = 0; i < s->n_sites; i++) {
		const struct audit_site *site = &s->sites[i];
		int64_t at = site->pause_at != 0 ? site->pause_at : site->unready_since;

		if (at != 0)
			exposition_micros(
			    s->x, &(struct label){ "site", site->name }, 1, at * 1000);
	}
}

/* ---- since the start ------------------------------------------------------------------------- */

static const struct meters_site *
numbers_of(const struct scrape *s, size_t i)
{
	return meters_find(outbox_meters(s->admin->o.outbox), s->sites[i].site_id);
}

static void
expose_received(const struct scrape *s)
{
	static const struct metric received = { "bentospool_events_received_total", METRIC_COUNTER,
		NULL,
		"Events stored since the start, by kind of call; repeated ones are not stored." };
	struct label labels[2];

	exposition_begin(s->x, &received);
	for (size_t i = 0; i < s->n_sites; i++) {
		const struct meters_site *m = numbers_of(s, i);

		for (int kind = 0; m != NULL && kind < KIND_COUNT; kind++)
			exposition_count(s->x,
			    of_site(&s->sites[i], "kind", kind_name((enum event_kind)kind), labels),
			    2, meters_get(&m->received[kind]));
	}
}

static void
expose_attempts_of(const struct scrape *s, const char *site, const struct meters_site *m)
{
	for (int endpoint = 0; endpoint < BENTO_ENDPOINTS; endpoint++)
		for (int outcome = OUTCOME_DELIVERED; outcome < METERS_OUTCOMES; outcome++) {
			const struct label labels[] = {
				{ "site", site },
				{ "endpoint", bento_endpoint_name((enum bento_endpoint)endpoint) },
				{ "outcome", outcome_name((enum attempt_outcome)outcome) },
			};

			exposition_count(
			    s->x, labels, 3, meters_get(&m->attempts[endpoint][outcome]));
		}
}

static void
expose_attempts(const struct scrape *s)
{
	static const struct metric attempts = { "bentospool_attempts_total", METRIC_COUNTER, NULL,
		"Requests to Bento that have ended since the start." };

	exposition_begin(s->x, &attempts);
	for (size_t i = 0; i < s->n_sites; i++) {
		const struct meters_site *m = numbers_of(s, i);

		if (m != NULL)
			expose_attempts_of(s, s->sites[i].name, m);
	}
}

static void
expose_maybe_sent(const struct scrape *s)
{
	static const struct metric maybe = { "bentospool_maybe_sent_events_total", METRIC_COUNTER,
		NULL,
		"Events in requests that Bento may have received without confirming it, since the "
		"start." };

	exposition_begin(s->x, &maybe);
	for (size_t i = 0; i < s->n_sites; i++) {
		const struct meters_site *m = numbers_of(s, i);

		if (m != NULL)
			exposition_count(s->x, &(struct label){ "site", s->sites[i].name }, 1,
			    meters_get(&m->maybe_sent));
	}
}

static const char *
name_of(const struct scrape *s, int64_t site_id)
{
	for (size_t i = 0; i < s->n_sites; i++)
		if (s->sites[i].site_id == site_id)
			return s->sites[i].name;
	return "";
}

static void
expose_finished(const struct scrape *s)
{
	static const struct metric finished = { "bentospool_events_finished_total", METRIC_COUNTER,
		NULL,
		"Events that got a status other than pending since the start, but not by an "
		"operator." };
	struct tally_row *rows = calloc(TALLY_MAX, sizeof(*rows));
	size_t n = rows == NULL ? 0 : outbox_finished(s->admin->o.outbox, rows);

	s->x->to->failed |= rows == NULL;
	exposition_begin(s->x, &finished);
	for (size_t i = 0; i < n; i++) {
		const struct label labels[] = {
			{ "site", name_of(s, rows[i].site_id) },
			{ "status", status_name(rows[i].status) },
			{ "reason", rows[i].reason },
		};

		exposition_count(s->x, labels, 3, rows[i].events);
	}
	free(rows);
}

void
metrics_expose_sites(const struct scrape *s)
{
	expose_events(s);
	expose_oldest(s);
	expose_states(s);
	expose_received(s);
	expose_finished(s);
	expose_attempts(s);
	expose_maybe_sent(s);
}
