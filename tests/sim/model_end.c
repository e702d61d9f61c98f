/*
 * The rules about ends: of an attempt, of an event, of the whole run.
 */
#include "sim/weather.h"

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

/* truth: the outcome says what Bento did, as far as it can be known. */
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

/* charge: the weather costs nothing. */
static void
check_charge(struct world *w, const struct outbox_attempt_end *end)
{
	bool weather = end->outcome == OUTCOME_NOT_SENT || end->outcome == OUTCOME_RETRY
		       || end->outcome == OUTCOME_UNKNOWN;
	struct event *event = box_event(w, end->event_ids[0]);

	if (!weather || !end->charge)
		return;
	if (!RULE_POISON || end->n_events != 1 || end->outcome == OUTCOME_NOT_SENT
	    || w->model.passed == event->passed_mark)
		model_broken(w, "charge", "attempt %lld of %zu events is %s, and charged",
		    (long long)end->attempt_id, end->n_events, outcome_name(end->outcome));
	event->passed_mark = w->model.passed;
	event->charged++;
}

static void
check_failed(struct world *w, const struct outbox_attempt_end *end, int64_t id)
{
	const struct event *event = box_event(w, id);
	bool refused = end->outcome == OUTCOME_REFUSED && end->n_events == 1
		       && (event->refused_alone || event->too_large_alone) && !is_clean(event);

	w->seen[SEEN_FAILED]++;
	if (event->taken > 0)
		model_broken(w, "failed", "event %lld failed, and Bento has it", (long long)id);
	else if (!refused && !(RULE_POISON && event->charged > 0))
		model_broken(w, "failed", "event %lld failed of %s (%s), among %zu", (long long)id,
		    outcome_name(end->outcome), end->reason == NULL ? "" : end->reason,
		    end->n_events);
}

static void
check_held(struct world *w, const struct outbox_attempt_end *end, int64_t id)
{
	const struct event *event = box_event(w, id);
	bool right = (reason_is(end->reason, "partial") && end->outcome == OUTCOME_PARTIAL)
		     || (reason_is(end->reason, "maybe_delivered")
			 && event->maybe_sent + end->maybe_sent > 0);

	w->seen[SEEN_HELD]++;
	if (!right)
		model_broken(w, "held", "event %lld is held of %s (%s)", (long long)id,
		    outcome_name(end->outcome), end->reason == NULL ? "" : end->reason);
}

static void
check_member(struct world *w, const struct outbox_attempt_end *end, int64_t id)
{
	struct event *event = box_event(w, id);

	if (end->status == STATUS_DELIVERED) {
		event->delivered_ends++;
		if (event->taken == 0)
			model_broken(
			    w, "delivered", "event %lld, and Bento has none of it", (long long)id);
	} else if (event->status != STATUS_PENDING) {
		return; /* it is as it was settled */
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

void
model_settles(struct world *w, const struct outbox_settle *s)
{
	for (size_t i = 0; i < s->n_events; i++) {
		int64_t id = s->event_ids[i];

		if (!box_has(w, id) || s->status != STATUS_INVALID || !box_event(w, id)->unfit)
			model_broken(w, "settled", "event %lld becomes %s (%s)", (long long)id,
			    status_name(s->status), s->reason);
		w->seen[SEEN_INVALID]++;
	}
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Nothing lost: each event has the end that it should have. */
static void
check_event(struct world *w, int64_t id)
{
	const struct event *e = box_event(w, id);
	bool excused = e->touched || e->status == STATUS_DELIVERED || e->status == STATUS_HELD
		       || (e->status == STATUS_FAILED && e->charged > 0);

	if (e->status == STATUS_PENDING)
		model_broken(w, "lost", "event %lld still waits", (long long)id);
	else if (is_clean(e) && !excused)
		model_broken(w, "lost", "event %lld is %s (%s)", (long long)id,
		    status_name(e->status), e->reason);
	if (e->status == STATUS_DELIVERED && e->taken == 0)
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
