/*
 * The rules: what must never happen in a world. Each rule has a name, which a failing seed prints.
 */
#include "weather/weather.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_WAIT_MIN INT64_C(1000)
#define ANSWER_WAIT_MAX HOUR
#define THROTTLE_LEAST MINUTE
/* Once a request can be sent, it must be sent within this time (ms). */
#define PATIENCE 3000
#define PATIENCE_AFTER_JUMP 63000
/* For so long (ms) after an operator changed an event, a request with that event may still be
 * sent. */
#define OPERATOR_GRACE 2500

void
model_broken(struct world *w, const char *rule, const char *fmt, ...)
{
	va_list ap;

	if (w->broken != NULL)
		return;
	w->broken = rule;
	va_start(ap, fmt);
	vsnprintf(w->words, sizeof(w->words), fmt, ap);
	va_end(ap);
	world_tell(w, "broken: %s", rule);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
pace_interval(const struct world *w)
{
	unsigned rpm = w->config.site.link.requests_per_minute;

	return rpm == 0 ? 0 : (MINUTE + rpm - 1) / rpm;
}

/* Forgets the waits: a new process does not know how long the old process still had to wait. */
void
model_restarted(struct world *w)
{
	struct model *m = &w->model;

	m->last_start = NEVER;
	m->n_starts = 0;
	m->wait_until = m->told_until = 0;
	m->opened = m->mended = false;
	m->failures = 0;
	m->told = (struct outbox_site_state){ .mode = OUTBOX_SITE_READY };
	m->could_since = NEVER;
}

/* ---- a request goes out --------------------------------------------------------------------- */

/* Rule row-first: the attempt's row, with the same members, was committed before. */
static void
check_row(struct world *w, const struct request *r)
{
	struct attempt_row *row = &w->box.attempts[r->attempt];

	if (row->ended || row->sent)
		model_broken(w, "row-first", "attempt %zu goes out again", r->attempt + 1);
	else if (row->n != r->n || memcmp(row->ids, r->ids, r->n * sizeof(*r->ids)) != 0)
		model_broken(
		    w, "row-first", "attempt %zu has other members than its row", r->attempt + 1);
	row->sent = true;
}

static void
find_row(struct world *w, struct request *r)
{
	size_t place = r->n == 0 ? 0 : box_event(w, r->ids[0])->open_attempt;

	if (place == 0) {
		model_broken(w, "row-first", "a request without an attempt");
		return;
	}
	r->attempt = place - 1;
	check_row(w, r);
}

static void
check_member(struct world *w, const struct request *r, int64_t id)
{
	struct event *event = box_event(w, id);
	bool overruled =
	    event->status != STATUS_PENDING
	    && w->mono - event->settled_mono > OPERATOR_GRACE + 2 * w->config.commit_ms;

	if (event->open_attempt != r->attempt + 1)
		model_broken(w, "one-flight", "event %lld is in another attempt", (long long)id);
	if (event->taken > 0 && event->maybe_sent == 0)
		model_broken(
		    w, "twice", "event %lld is sent again, and Bento has it", (long long)id);
	if (event->max_batch > 0 && r->n > event->max_batch)
		model_broken(w, "split", "event %lld of batches of %u travels among %zu",
		    (long long)id, event->max_batch, r->n);
	if (event->refused_among > 1 && r->n > (event->refused_among + 1) / 2)
		model_broken(w, "split", "event %lld, refused among %zu, travels among %zu",
		    (long long)id, event->refused_among, r->n);
	if (overruled)
		model_broken(w, "overruled", "event %lld is %s, and goes out", (long long)id,
		    status_name(event->status));
}

/* Checks that each event is in the body with all its items, and that the endpoint is right. */
static void
check_items(struct world *w, const struct request *r)
{
	size_t items = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct event *event = box_event(w, r->ids[i]);

		items += event->items;
		if (event->subscriber != r->subscribers)
			model_broken(w, "endpoint", "event %lld goes where it does not belong",
			    (long long)r->ids[i]);
	}
	if (items != r->items)
		model_broken(w, "torn", "%zu items go out, of %zu", r->items, items);
}

static bool
share_address(struct world *w, const struct request *a, const struct request *b)
{
	bool there[ADDRESSES_MAX + 1] = { false };

	for (size_t i = 0; i < a->n; i++)
		there[box_event(w, a->ids[i])->address] = true;
	for (size_t i = 0; i < b->n; i++)
		if (there[box_event(w, b->ids[i])->address])
			return true;
	return false;
}

static void
check_company(struct world *w, const struct request *r)
{
	const struct dispatch_site_options *o = &w->config.site;

	if (w->net.n_open > o->concurrency)
		model_broken(w, "concurrency", "%zu requests are out", w->net.n_open);
	if (r->n > 1 && (r->items > o->batch_events || r->bytes > o->batch_bytes))
		model_broken(
		    w, "size", "%zu events, %zu items, %zu bytes", r->n, r->items, r->bytes);
	for (size_t i = 0; i < w->net.n_open; i++) {
		const struct request *other = w->net.open[i];

		if (other == r)
			continue;
		if (share_address(w, r, other))
			model_broken(w, "address", "attempts %zu and %zu share an address",
			    r->attempt + 1, other->attempt + 1);
		if (w->model.opened && !other->old)
			model_broken(w, "probe", "attempts %zu and %zu probe at once",
			    r->attempt + 1, other->attempt + 1);
	}
	if (w->model.opened && r->n > 1)
		model_broken(w, "probe", "a probe with %zu events", r->n);
	w->seen[SEEN_PROBES] += w->model.opened;
}

static void
check_pace(struct world *w)
{
	struct model *m = &w->model;
	size_t rpm = w->config.site.link.requests_per_minute,
	       size = sizeof(m->starts) / sizeof(m->starts[0]);
	size_t recent = 0;

	if (rpm > 0 && m->last_start != NEVER && w->mono - m->last_start < pace_interval(w))
		model_broken(w, "pace", "a request %lld ms after another, at %zu a minute",
		    (long long)(w->mono - m->last_start), rpm);
	m->last_start = w->mono;
	m->starts[m->n_starts++ % size] = w->mono;
	for (size_t i = 0; i < m->n_starts && i < size; i++)
		recent += m->starts[i] > w->mono - MINUTE;
	if (rpm > 0 && recent > rpm + 1)
		model_broken(w, "pace", "%zu requests in a minute, of %zu", recent, rpm);
}

static void
check_waiting(struct world *w)
{
	const struct model *m = &w->model;

	if (w->mono < m->wait_until)
		model_broken(w, "retry-after", "%lld ms too early: %s",
		    (long long)(m->wait_until - w->mono), m->wait_why);
	if (w->mono < m->told_until)
		model_broken(w, "told", "%lld ms before the time in the site's row",
		    (long long)(m->told_until - w->mono));
	if (w->stop_asked != NEVER && w->mono > w->stop_asked)
		model_broken(w, "stop", "a request goes out after the stop");
}

/*
 * Waits after failures in a row are drawn from 0 to a ceiling, which doubles up to retry_max. At
 * the full ceiling, 20 waits in a row take less than a fifth of their mean only once in 10^12
 * times.
 */
static void
note_failure(struct world *w, bool demands)
{
	struct model *m = &w->model;

	m->failures = demands ? 0 : m->failures + 1;
	if (m->failures > 0)
		m->failed_at[m->failures % STORM_BLOCK] = w->mono;
}

static void
check_storm(struct world *w)
{
	const struct model *m = &w->model;
	int64_t most = w->config.site.retry_max_ms;
	unsigned grown = 1;

	while (grown < 30 && w->config.site.retry_first_ms << (grown - 1) < most)
		grown++;
	if (m->failures < grown + STORM_BLOCK)
		return;
	if (w->mono - m->failed_at[(m->failures + 1) % STORM_BLOCK] < STORM_BLOCK * most / 10)
		model_broken(w, "storm", "%d probes in %lld ms", STORM_BLOCK,
		    (long long)(w->mono - m->failed_at[(m->failures + 1) % STORM_BLOCK]));
}

void
model_request(struct world *w, struct request *r)
{
	find_row(w, r);
	for (size_t i = 0; i < r->n && w->broken == NULL; i++)
		check_member(w, r, r->ids[i]);
	if (w->broken != NULL)
		return;
	check_items(w, r);
	check_company(w, r);
	check_pace(w);
	check_waiting(w);
	check_storm(w);
	w->model.could_since = NEVER;
}

/* ---- an answer ------------------------------------------------------------------------------ */

static bool
is_about_events(const struct request *r)
{
	int status = r->result.http_status;

	return r->result.phase == PHASE_ANSWERED && r->fate == FATE_DECIDED
	       && (status < 300 || status == 400 || status == 413 || status == 422);
}

/* Whether the answer is unreadable and the settings say that this is not a failure of the site. */
static bool
is_trusted(const struct world *w, const struct request *r)
{
	const struct buf *response = &r->result.response;
	bool error = response->n > 0 && memmem(response->p, response->n, "\"error\"", 7) != NULL;
	bool garbled = r->fate == FATE_GARBLED && r->result.phase == PHASE_ANSWERED;

	switch (w->config.site.policy.ambiguous) {
	case AMBIGUOUS_RETRY:
		break;
	case AMBIGUOUS_DELIVERED:
		return garbled && !error;
	case AMBIGUOUS_HOLD:
		return garbled;
	}
	return false;
}

static void
demand(struct world *w, int64_t ms, const char *why)
{
	if (w->mono + ms <= w->model.wait_until)
		return;
	w->model.wait_until = w->mono + ms;
	w->model.wait_why = why;
}

/* Marks an event whose own request failed: the dispatcher may charge it once other events get
 * through. */
static void
note_fall(struct world *w, const struct request *r)
{
	static const int never[] = { 401, 402, 407, 425, 429 };
	bool may = r->n == 1 && r->result.phase != PHASE_NOT_SENT;

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		may = may && r->result.http_status != never[i];
	/* The answer is not about the event, so an earlier mark stays. */
	if (r->n == 1 && !may)
		return;
	for (size_t i = 0; i < r->n; i++)
		box_event(w, r->ids[i])->fell_mark = may ? w->model.passed + 1 : 0;
}

void
model_repaired(struct world *w)
{
	/* New credentials end a pause, but not the waits of an outage. */
	if (w->model.told.mode == OUTBOX_SITE_PAUSED) {
		w->model.told_until = 0;
		w->model.failures = 0;
	}
	for (size_t i = 0; i < w->net.n_open; i++)
		w->net.open[i]->unmended = true;
}

/* Whether the answer refuses settings that were repaired while the request was in flight. */
static bool
is_out_of_date(const struct request *r)
{
	static const int others[] = { 400, 408, 413, 422, 425, 429 };
	int status = r->result.http_status;
	bool locked =
	    r->result.phase == PHASE_ANSWERED && status >= 300 && status <= 499 && r->unmended;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		locked = locked && status != others[i];
	return locked;
}

void
model_result(struct world *w, const struct request *r)
{
	int64_t asked = r->result.retry_after_ms;
	bool demands = asked >= 0 || r->result.http_status == 429;

	w->box.attempts[r->attempt].garbled = r->fate == FATE_GARBLED;
	w->model.mended = r->unmended;
	if (is_about_events(r) || is_trusted(w, r)) {
		w->model.opened = false;
		w->model.failures = 0;
		w->model.passed++;
		return;
	}
	if (is_out_of_date(r))
		return;
	note_fall(w, r);
	/* The request was sent before the breaker opened, so its failure says nothing new. */
	if (r->old && !demands)
		return;
	for (size_t i = 0; i < w->net.n_open; i++)
		w->net.open[i]->old = true;
	w->model.opened = true;
	note_failure(w, demands);
	if (r->result.phase != PHASE_ANSWERED)
		return;
	if (asked >= 0) {
		asked = later(asked, ANSWER_WAIT_MIN);
		demand(w, asked < ANSWER_WAIT_MAX ? asked : ANSWER_WAIT_MAX, "Retry-After");
	} else if (r->result.http_status == 429) {
		demand(w, THROTTLE_LEAST, "a 429");
	}
}

/* Records until when the site waits according to its row, in monotonic time. */
void
model_site_told(struct world *w, const struct outbox_site_state *state)
{
	struct model *m = &w->model;
	int64_t longest = later(w->config.site.retry_max_ms, HOUR);
	bool same =
	    state->mode == m->told.mode && state->next_attempt_at == m->told.next_attempt_at;

	if (same)
		return;
	m->told = *state;
	m->told_until = 0;
	if (m->mended || state->mode == OUTBOX_SITE_READY || state->next_attempt_at == 0)
		return;
	m->told_until = w->mono + state->next_attempt_at - w->wall;
	if (m->told_until - w->mono > longest + longest / 10 + 1000)
		model_broken(
		    w, "storm", "the site waits %lld ms", (long long)(m->told_until - w->mono));
}

/* ---- the outbox ----------------------------------------------------------------------------- */

void
model_began(struct world *w, const struct outbox_attempt_begin *b)
{
	if (b->n_events == 0)
		model_broken(w, "row-first", "an attempt without events");
	for (size_t i = 0; i < b->n_events && w->broken == NULL; i++) {
		int64_t id = b->event_ids[i];

		if (!box_has(w, id) || (i > 0 && id <= b->event_ids[i - 1]))
			model_broken(w, "row-first", "its ids are in disorder");
		else if (box_event(w, id)->open_attempt != 0)
			model_broken(
			    w, "one-flight", "event %lld is in two attempts", (long long)id);
	}
}

/* Whether an unreadable answer counts as a delivery that is not yet committed. */
static bool
is_trusted_already(const struct world *w, const struct event *event)
{
	return event->open_attempt != 0 && w->box.attempts[event->open_attempt - 1].garbled
	       && w->config.site.policy.ambiguous == AMBIGUOUS_DELIVERED;
}

/* Bento gets first copies in order of arrival, except events that it never accepts. */
void
model_first_copy(struct world *w, int64_t id)
{
	const struct event *event = box_event(w, id);

	for (int64_t i = 1; i < id; i++) {
		const struct event *s = box_event(w, i);
		bool clean = !s->poison && !s->cursed && !s->unfit && !s->giant;

		if (clean && s->address == event->address && s->taken == 0 && !s->touched
		    && s->status == STATUS_PENDING && !is_trusted_already(w, s))
			model_broken(w, "order", "Bento has event %lld before event %lld",
			    (long long)id, (long long)i);
	}
}

/* ---- idle time ------------------------------------------------------------------------------ */

static bool
has_waiting_sibling(struct world *w, size_t place)
{
	for (size_t i = 0; i < place; i++)
		if (w->box.events[i].status == STATUS_PENDING
		    && w->box.events[i].address == w->box.events[place].address)
			return true;
	return false;
}

/* Returns the earliest time at which a request could be sent; NEVER when that depends on
 * something that has not happened yet. */
static int64_t
could_send_at(struct world *w)
{
	const struct model *m = &w->model;
	const struct box *b = &w->box;
	int64_t soonest = NEVER, at = later(w->mono, later(m->wait_until, m->told_until));

	if (w->d == NULL || w->stop_asked != NEVER || w->net.n_open > 0 || b->head != NULL
	    || b->disk != ERR_NONE)
		return NEVER;
	if (m->last_start != NEVER)
		at = later(at, m->last_start + pace_interval(w));
	for (size_t i = b->settled; i < b->n_events; i++) {
		const struct event *event = &b->events[i];

		if (event->status == STATUS_PENDING && event->due_mono < soonest
		    && !has_waiting_sibling(w, i))
			soonest = event->due_mono;
	}
	return soonest == NEVER ? NEVER : later(at, soonest);
}

void
model_idle(struct world *w, int64_t until)
{
	struct model *m = &w->model;
	int64_t patience = m->jumped ? PATIENCE_AFTER_JUMP : PATIENCE;
	int64_t at = w->box.n_pending == 0 ? NEVER : could_send_at(w);

	if (at == NEVER) {
		m->could_since = NEVER;
		return;
	}
	/* A request that can be sent stays so until the dispatcher has a new reason to wait. */
	if (m->could_since == NEVER || at > w->mono)
		m->could_since = at;
	if (until - m->could_since > patience)
		model_broken(w, "stall", "nothing goes out since %.3f, and it could",
		    (double)m->could_since / 1000);
}

void
model_stopped(struct world *w, int64_t asked)
{
	int64_t longest =
	    w->config.stop_deadline_ms + DISPATCH_RECORD_LAST_MS + 3 * w->config.commit_ms + 1000;

	if (asked == NEVER || w->mono - asked > longest)
		model_broken(w, "stop", "it took %lld ms", (long long)(w->mono - asked));
	if (w->net.n_open > 0)
		model_broken(w, "stop", "it left %zu requests alone", w->net.n_open);
}
