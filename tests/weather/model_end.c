/*
 * The rules about ends: of an attempt, of an event, of the whole run. Each rule has a name.
 */
#include "weather/weather.h"

#include <string.h>

static bool
is_clean(const struct event *event)
{
	return !event->poison && !event->cursed && !event->unfit && !event->giant;
}

static bool
reason_is(const char *reason, const char *word)
{
	return reason != NULL && strcmp(reason, word) == 0;
}

/* Rule truth: the outcome agrees with what Bento did, as far as the dispatcher can know that. */
static void
check_truth(struct world *w, const struct outbox_attempt_end *end, const struct attempt_row *row)
{
	bool taken_by_none = end->outcome == OUTCOME_REFUSED || end->outcome == OUTCOME_RETRY
			     || end->outcome == OUTCOME_NOT_SENT;
	bool maybe = end->outcome == OUTCOME_UNKNOWN || end->outcome == OUTCOME_PARTIAL;

	if (end->outcome == OUTCOME_NONE)
		model_broken(w, "truth", "an end without an outcome");
	if (taken_by_none && row->took_any)
		model_broken(w, "truth", "attempt %lld is %s, and Bento took of it",
		    (long long)end->attempt_id, outcome_name(end->outcome));
	if (end->maybe_sent != maybe)
		model_broken(w, "counted", "attempt %lld is %s, maybe_sent %d",
		    (long long)end->attempt_id, outcome_name(end->outcome), end->maybe_sent);
	if ((end->status == STATUS_DELIVERED) != (end->outcome == OUTCOME_DELIVERED))
		model_broken(w, "truth", "attempt %lld is %s, its events %s",
		    (long long)end->attempt_id, outcome_name(end->outcome),
		    status_name(end->status));
}

/* Rule charge: outages cost no attempts. */
static void
check_charge(struct world *w, const struct outbox_attempt_end *end)
{
	bool weather = end->outcome == OUTCOME_NOT_SENT || end->outcome == OUTCOME_RETRY
		       || end->outcome == OUTCOME_UNKNOWN;

	if (weather && end->charge && end->status == STATUS_PENDING)
		model_broken(w, "charge", "attempt %lld of %zu events is %s, and charged",
		    (long long)end->attempt_id, end->n_events, outcome_name(end->outcome));
}

static void
check_failed(struct world *w, const struct outbox_attempt_end *end, int64_t id)
{
	const struct event *event = box_event(w, id);
	bool may_fail =
	    event->maybe_sent > 0 && w->config.site.policy.maybe_delivered == MAYBE_FAIL;
	bool refused = end->outcome == OUTCOME_REFUSED && end->n_events == 1
		       && (event->refused_alone || event->too_large_alone);

	w->seen[SEEN_FAILED]++;
	if (event->taken > 0 && !may_fail)
		model_broken(w, "failed", "event %lld failed, and Bento has it", (long long)id);
	else if (!refused || (is_clean(event) && !may_fail))
		model_broken(w, "failed", "event %lld failed of %s (%s), among %zu", (long long)id,
		    outcome_name(end->outcome), end->reason == NULL ? "" : end->reason,
		    end->n_events);
}

static void
check_held(struct world *w, const struct outbox_attempt_end *end, int64_t id)
{
	const struct event *event = box_event(w, id);
	const struct verdict_policy *policy = &w->config.site.policy;
	bool partial =
	    reason_is(end->reason, "partially_delivered") && end->outcome == OUTCOME_PARTIAL;
	bool maybe = reason_is(end->reason, "maybe_delivered") && end->n_events == 1
		     && event->maybe_sent > 0 && policy->maybe_delivered == MAYBE_HOLD;
	bool unread = reason_is(end->reason, "unreadable_reply") && end->outcome == OUTCOME_UNKNOWN
		      && policy->ambiguous == AMBIGUOUS_HOLD;

	w->seen[SEEN_HELD]++;
	if (!partial && !maybe && !unread)
		model_broken(w, "held", "event %lld is held of %s (%s)", (long long)id,
		    outcome_name(end->outcome), end->reason == NULL ? "" : end->reason);
}

static void
check_member(struct world *w, const struct outbox_attempt_end *end, int64_t id)
{
	struct event *event = box_event(w, id);
	bool trusted = w->box.attempts[end->attempt_id - 1].garbled
		       && w->config.site.policy.ambiguous == AMBIGUOUS_DELIVERED;

	if (end->status == STATUS_DELIVERED) {
		event->delivered_ends++;
		w->seen[SEEN_SEVERAL] += event->items > 1;
		event->taken_on_trust = trusted;
		if (event->taken == 0 && !trusted)
			model_broken(
			    w, "delivered", "event %lld, and Bento has none of it", (long long)id);
	} else if (event->status != STATUS_PENDING) {
		return; /* an event that is already settled keeps its status */
	} else if (end->status == STATUS_PENDING && end->outcome == OUTCOME_REFUSED) {
		event->refused_among = end->n_events;
	} else if (end->status == STATUS_FAILED) {
		check_failed(w, end, id);
	} else if (end->status == STATUS_HELD) {
		check_held(w, end, id);
	} else if (end->status != STATUS_PENDING) {
		model_broken(
		    w, "status", "event %lld becomes %s", (long long)id, status_name(end->status));
	}
}

static const enum seen seen_outcome[] = {
	[OUTCOME_DELIVERED] = SEEN_DELIVERED,
	[OUTCOME_PARTIAL] = SEEN_PARTIAL,
	[OUTCOME_REFUSED] = SEEN_REFUSED,
	[OUTCOME_RETRY] = SEEN_RETRY,
	[OUTCOME_NOT_SENT] = SEEN_NOT_SENT,
	[OUTCOME_UNKNOWN] = SEEN_UNKNOWN,
};

void
model_ends(struct world *w, const struct outbox_attempt_end *end)
{
	const struct attempt_row *row = &w->box.attempts[end->attempt_id - 1];

	if (row->n != end->n_events
	    || memcmp(row->ids, end->event_ids, row->n * sizeof(*row->ids)) != 0) {
		model_broken(w, "one-end", "attempt %lld ends with other members",
		    (long long)end->attempt_id);
		return;
	}
	check_truth(w, end, row);
	check_charge(w, end);
	for (size_t i = 0; i < row->n; i++)
		check_member(w, end, row->ids[i]);
	if (w->broken == NULL && end->outcome != OUTCOME_NONE)
		w->seen[seen_outcome[end->outcome]]++;
	w->seen[SEEN_SPLITS] += end->max_batch > 0;
	world_tell(w, "end %lld: %s, events %s (%s)%s%s", (long long)end->attempt_id,
	    outcome_name(end->outcome), status_name(end->status),
	    end->reason == NULL ? "" : end->reason, end->charge ? ", charged" : "",
	    end->max_batch > 0 ? ", split" : "");
}

/* Rule charge: an event is charged only if its own request failed and other events got through
 * since. */
static void
check_settled_charge(struct world *w, const struct outbox_settle *s, int64_t id)
{
	struct event *event = box_event(w, id);
	unsigned most = w->config.site.max_attempts;

	if (s->n_events != 1 || event->fell_mark == 0 || w->model.passed < event->fell_mark)
		model_broken(
		    w, "charge", "event %lld is charged for what others caused", (long long)id);
	event->fell_mark = 0;
	w->seen[SEEN_CHARGED]++;
	if (s->status != STATUS_FAILED)
		return;
	w->seen[SEEN_EXHAUSTED]++;
	event->exhausted = true;
	if (!reason_is(s->reason, "attempts_exhausted") || most == 0 || event->attempts + 1 < most)
		model_broken(w, "charge", "event %lld failed (%s) after %lld of %u attempts",
		    (long long)id, s->reason, (long long)event->attempts + 1, most);
}

/* Rule expired: an event expires only when it is old in real time, whatever the wall clock
 * shows. */
static void
check_expired(struct world *w, int64_t id)
{
	struct event *event = box_event(w, id);
	int64_t most = w->config.site.max_age_ms;

	w->seen[SEEN_EXPIRED]++;
	event->expired = true;
	if (most == 0 || w->mono - event->arrived < most - 2000)
		model_broken(w, "expired", "event %lld after %lld s", (long long)id,
		    (long long)(w->mono - event->arrived) / 1000);
}

/* Rule doubt: an event that was held because Bento may have it fails only if Bento refused it
 * alone. */
static void
check_doubt(struct world *w, const struct outbox_settle *s, int64_t id)
{
	const struct event *event = box_event(w, id);

	if (event->status != STATUS_HELD)
		return;
	w->seen[SEEN_PROVEN]++;
	if (s->status != STATUS_FAILED || !event->refused_alone)
		model_broken(
		    w, "doubt", "event %lld becomes %s", (long long)id, status_name(s->status));
	else if (event->taken > 0)
		model_broken(w, "doubt", "event %lld failed, and Bento has it", (long long)id);
}

void
model_settles(struct world *w, const struct outbox_settle *s)
{
	for (size_t i = 0; i < s->n_events && w->broken == NULL; i++) {
		int64_t id = s->event_ids[i];

		if (s->in_doubt && box_has(w, id)) {
			check_doubt(w, s, id);
			continue;
		}
		w->seen[SEEN_INVALID] += s->status == STATUS_INVALID;
		if (box_has(w, id) && box_event(w, id)->status != STATUS_PENDING)
			continue; /* a settled event does not change */
		if (box_has(w, id) && s->charge)
			check_settled_charge(w, s, id);
		else if (box_has(w, id) && s->status == STATUS_FAILED
			 && reason_is(s->reason, "expired"))
			check_expired(w, id);
		else if (!box_has(w, id)
			 || !(s->status == STATUS_INVALID && box_event(w, id)->unfit)) {
			if (s->status != STATUS_PENDING || s->max_batch == 0)
				model_broken(w, "settled", "event %lld becomes %s (%s)",
				    (long long)id, status_name(s->status),
				    s->reason == NULL ? "" : s->reason);
		}
	}
	w->seen[SEEN_SPLITS] += s->max_batch > 0;
	world_tell(w, "settled: %zu events from %lld: %s (%s)%s, batches of %u", s->n_events,
	    (long long)s->event_ids[0], status_name(s->status), s->reason == NULL ? "" : s->reason,
	    s->charge ? ", charged" : "", s->max_batch);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Rule nothing lost: each event ends as it should. */
static void
check_event(struct world *w, int64_t id)
{
	const struct event *e = box_event(w, id);
	bool excused =
	    e->touched || e->status == STATUS_DELIVERED || e->status == STATUS_HELD || e->exhausted
	    || e->expired
	    || (e->maybe_sent > 0 && w->config.site.policy.maybe_delivered == MAYBE_FAIL);

	if (e->status == STATUS_PENDING)
		model_broken(w, "lost", "event %lld still waits", (long long)id);
	else if (is_clean(e) && !excused)
		model_broken(w, "lost", "event %lld is %s (%s)", (long long)id,
		    status_name(e->status), e->reason);
	if (e->status == STATUS_DELIVERED && e->taken == 0 && !e->taken_on_trust)
		model_broken(w, "delivered", "event %lld never came to Bento", (long long)id);
	if (e->status != STATUS_DELIVERED && e->maybe_sent == 0 && e->taken > 0)
		model_broken(w, "counted", "Bento has event %lld, which is %s", (long long)id,
		    status_name(e->status));
	if (e->taken > e->delivered_ends + e->maybe_sent)
		model_broken(w, "counted", "Bento has %u copies of event %lld, %lld counted",
		    e->taken, (long long)id, (long long)(e->delivered_ends + e->maybe_sent));
}

void
model_at_end(struct world *w)
{
	for (size_t i = 0; i < w->box.n_attempts && w->broken == NULL; i++)
		if (!w->box.attempts[i].ended)
			model_broken(w, "one-end", "attempt %zu has no end", i + 1);
	for (size_t i = 1; i <= w->box.n_events && w->broken == NULL; i++)
		check_event(w, (int64_t)i);
}
