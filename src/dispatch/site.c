#include "dispatch/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dispatch/dispatcher_private.h"
#include "event/bento/bento.h"

/* Nothing is prepared earlier than this before the pace lets it go. */
#define PREPARE_AHEAD_MS 100

/* ---- birth and death ------------------------------------------------------------------------ */

static int
make_urls(struct site *s, const struct dispatch_site_options *o, struct err *e)
{
	struct buf url;

	for (unsigned i = 0; i < BENTO_ENDPOINTS; i++) {
		buf_init(&url, SITE_URL_MAX);
		bento_url(&url, o->api_url, (enum bento_endpoint)i, o->site_uuid);
		if (url.failed) {
			buf_free(&url);
			return err_set(e, ERR_INPUT, "api_url is too long");
		}
		s->urls[i] = buf_steal(&url, NULL);
		if (s->urls[i] == NULL)
			return err_nomem(e);
	}
	return 0;
}

static int
copy_texts(struct site *s, const struct dispatch_site_options *o, struct err *e)
{
	bool ca_file = o->ca_file != NULL && o->ca_file[0] != '\0';

	if (make_urls(s, o, e) != 0)
		return -1;
	s->name = strdup(o->name);
	s->api_url = strdup(o->api_url);
	s->user = strdup(o->publishable_key);
	s->password = strdup(o->secret_key);
	s->ca_file = ca_file ? strdup(o->ca_file) : NULL;
	buf_init(&s->mapping_text, 4096);
	mapping_describe(&o->mapping, &s->mapping_text);
	if (s->name == NULL || s->api_url == NULL || s->user == NULL || s->password == NULL
	    || (ca_file && s->ca_file == NULL) || s->mapping_text.failed)
		return err_nomem(e);
	return 0;
}

static int
make_attempts(struct site *s, const struct dispatch_site_options *o, struct err *e)
{
	/* While `concurrency` are out, as many may wait for their record, and one is prepared. */
	size_t n = 2 * (size_t)s->concurrency + 1;

	s->attempts = calloc(n, sizeof(*s->attempts));
	if (s->attempts == NULL)
		return err_nomem(e);
	for (s->n_attempts = 0; s->n_attempts < n; s->n_attempts++) {
		struct attempt *a = &s->attempts[s->n_attempts];

		a->site = s;
		if (batch_init(&a->batch, o->batch_events, e) != 0)
			return -1;
	}
	/* And the suspects. */
	n = (n + 1) * o->batch_events;
	if (inflight_init(&s->inflight, n, e) != 0
	    || suspects_init(&s->suspects, o->batch_events, e) != 0)
		return -1;
	return order_init(&s->order, n, &s->d->chance, e);
}

int
site_init(
    struct site *s, struct dispatcher *d, const struct dispatch_site_options *o, struct err *e)
{
	*s = (struct site){
		.d = d,
		.owner = o->owner,
		.site_id = o->site_id,
		.concurrency = o->concurrency == 0 ? 1 : o->concurrency,
		.timeout_ms = o->timeout_ms,
		.retry_first_ms = o->retry_first_ms,
		.retry_max_ms = o->retry_max_ms,
		.batch_events = o->batch_events,
		.batch_bytes = o->batch_bytes,
		.byte_limit = o->byte_limit > 0 && o->byte_limit < o->batch_bytes ? o->byte_limit
										  : o->batch_bytes,
		.refused = o->refused,
		.policy = o->policy,
		.max_attempts = o->max_attempts,
		.max_age_ms = o->max_age_ms,
		.mapping = o->mapping,
		.look = true,
		.look_ms = SITE_NEVER,
		.delayed_ms = INT64_MIN,
	};
	shared_hold(s->owner);
	breaker_init(&s->breaker, o->retry_first_ms, o->retry_max_ms, o->batch_events);
	pace_init(&s->pace, o->requests_per_minute);
	if (o->batch_events == 0 || o->batch_bytes == 0)
		return err_set(e, ERR_INPUT, "a batch needs room for an event");
	if (copy_texts(s, o, e) != 0 || make_attempts(s, o, e) != 0)
		return err_wrap(e, "site %s", o->name);
	return 0;
}

static void
wipe(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void
site_free(struct site *s)
{
	for (size_t i = 0; i < s->n_attempts; i++)
		batch_free(&s->attempts[i].batch);
	free(s->attempts);
	inflight_free(&s->inflight);
	order_free(&s->order);
	suspects_free(&s->suspects);
	renewal_free(s->renewal);
	buf_free(&s->mapping_text);
	free(s->name);
	free(s->api_url);
	for (unsigned i = 0; i < BENTO_ENDPOINTS; i++)
		free(s->urls[i]);
	wipe(s->user);
	wipe(s->password);
	free(s->ca_file);
	shared_release(s->owner);
}

/* ---- counting ------------------------------------------------------------------------------- */

size_t
site_count(const struct site *s, enum attempt_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_attempts; i++)
		n += s->attempts[i].state == state;
	return n;
}

static size_t
count_out(const struct site *s)
{
	return site_count(s, ATTEMPT_BEGINNING) + site_count(s, ATTEMPT_SENDING);
}

bool
site_is_quiet(const struct site *s)
{
	return site_count(s, ATTEMPT_IDLE) == s->n_attempts && !s->announcing && !s->unfit.locked
	       && !s->suspects.with_writer;
}

/* ---- messages without an attempt --------------------------------------------------------------
 */

struct outbox_site_state
site_record(const struct site *s)
{
	struct outbox_site_state state = s->state;

	state.byte_limit = s->byte_limit < s->batch_bytes ? s->byte_limit : 0;
	state.refused = s->refused;
	return state;
}

/* What an earlier run left in the site's row is over: this run has not failed yet. */
static void
announce(struct site *s)
{
	s->announced = true;
	s->announcement = (struct outbox_site_change){
		.msg.type = OUTBOX_SITE_STATE,
		.site_id = s->site_id,
		.site = site_record(s),
	};
	s->announcing = dispatcher_send(s->d, &s->announcement.msg) == 0;
}

static void
forget_unfit(struct site *s)
{
	s->unfit.n = 0;
	s->unfit.reason = NULL;
	s->unfit.locked = false;
	s->look = true;
}

static void
settled(struct site *s)
{
	const struct err *e = &s->settle.settle.msg.err;

	s->unfit.locked = false;
	if (s->settle.settle.msg.rc == 0) {
		forget_unfit(s);
		s->delayed_ms = INT64_MIN;
		return;
	}
	if (e->code == ERR_IO)
		dispatcher_fail(s->d, e);
	else
		dispatcher_tell(s->d, &s->d->record_limit, e);
	s->settle_ms = clock_mono(s->d->clock) + DISPATCH_RECORD_AGAIN_MS;
}

/* Events that no request can carry must not block those behind them: they become `invalid`. */
static void
settle_unfit(struct site *s, int64_t now)
{
	if (s->unfit.n == 0 || s->unfit.locked || now < s->settle_ms)
		return;
	s->settle.site = s;
	s->settle.done = settled;
	s->settle.settle = (struct outbox_settle){
		.msg.type = OUTBOX_SETTLE,
		.event_ids = s->unfit.ids,
		.n_events = s->unfit.n,
		.status = s->unfit.status,
		.reason = s->unfit.reason,
	};
	s->unfit.locked = dispatcher_send(s->d, &s->settle.settle.msg) == 0;
}

#define CONTAINER(msg_, type_, member_) ((type_ *)(void *)((char *)(msg_)-offsetof(type_, member_)))

void
site_take_mail(struct outbox_msg *msg)
{
	if (msg->type == OUTBOX_ATTEMPT_BEGIN)
		attempt_begun(CONTAINER(msg, struct attempt, begin.msg));
	else if (msg->type == OUTBOX_ATTEMPT_END)
		attempt_ended(CONTAINER(msg, struct attempt, end.msg));
	else if (msg->type == OUTBOX_SETTLE) {
		struct site_settle *settle = CONTAINER(msg, struct site_settle, settle.msg);

		settle->done(settle->site);
	} else
		CONTAINER(msg, struct site, announcement.msg)->announcing = false;
}

/* ---- running -------------------------------------------------------------------------------- */

/* How many requests may be on their way. */
static size_t
width(const struct site *s)
{
	return breaker_careful(&s->breaker) ? 1 : s->concurrency;
}

/* Something is to be sent again, and that is still being recorded: it comes first. */
static bool
something_lands(const struct site *s)
{
	for (size_t i = 0; i < s->n_attempts; i++)
		if (s->attempts[i].lands)
			return true;
	return s->suspects.blamed;
}

/*
 * May one more attempt begin? With a pace only one at a time is on its way to its commit: the time
 * of the request itself counts, and that is known when the commit is done.
 */
static bool
may_begin(const struct site *s, int64_t now)
{
	return !atomic_load(&s->word->paused) && now >= s->begin_ms && s->renewal == NULL
	       && breaker_allows(&s->breaker, now) && !something_lands(s) && count_out(s) < width(s)
	       && pace_wait(&s->pace, now) == 0
	       && (s->pace.interval_ms == 0 || site_count(s, ATTEMPT_BEGINNING) == 0);
}

static void
record_ends(struct site *s, int64_t now)
{
	for (size_t i = 0; i < s->n_attempts; i++)
		if (s->attempts[i].state == ATTEMPT_DECIDED && now >= s->attempts[i].record_ms)
			attempt_end(&s->attempts[i]);
}

static void
begin_next(struct site *s)
{
	struct attempt *a = s->next;

	s->next = NULL;
	if (attempt_begin(a) != 0)
		attempt_release(a);
}

/*
 * While requests are out the next batch is prepared, unless the pace makes it wait for long, or the
 * answer decides how large it may be.
 */
static bool
may_prepare(const struct site *s, int64_t now)
{
	return !s->d->sent && !atomic_load(&s->word->paused) && count_out(s) > 0
	       && !breaker_careful(&s->breaker) && pace_wait(&s->pace, now) <= PREPARE_AHEAD_MS;
}

/* What is due may have changed, too: a flush takes the waiting times from events. */
static void
hurry(struct site *s, int64_t now)
{
	if (!atomic_exchange(&s->word->hurry, false))
		return;
	breaker_retry(&s->breaker, now);
	s->look = true;
	s->held_to = 0;
	s->delayed_ms = INT64_MIN;
}

void
site_run(struct site *s)
{
	int64_t now = clock_mono(s->d->clock);
	bool sending = !s->d->stopping && !s->d->failed;
	bool filled;

	if (!s->announced && sending)
		announce(s);
	site_open_renewal(s, now);
	hurry(s, now);
	if (!sending || atomic_load(&s->word->paused) || !breaker_allows(&s->breaker, now))
		site_drop_next(s);
	suspects_record(s, now);
	/* The next batch is made ready before the ends are handed over, so that the writer finds an
	 * end and the next beginning together and keeps both with one commit. */
	do {
		filled = sending && !s->d->failed && may_begin(s, now) && site_prepare(s, now);
		record_ends(s, now);
		if (filled)
			begin_next(s);
	} while (filled);
	if (sending && may_prepare(s, now))
		site_prepare(s, now);
	if (sending)
		settle_unfit(s, now);
}

static void
sooner(int64_t *wait, int64_t until, int64_t now)
{
	int64_t ms = until > now ? until - now : 0;

	if (until != SITE_NEVER && (*wait < 0 || ms < *wait))
		*wait = ms;
}

/* When the next attempt could begin by itself, if there is anything to send. */
static int64_t
begin_time(const struct site *s, int64_t now)
{
	int64_t at = now + pace_wait(&s->pace, now);
	bool paced = s->pace.interval_ms != 0 && site_count(s, ATTEMPT_BEGINNING) > 0;
	bool room = s->next != NULL || site_count(s, ATTEMPT_IDLE) > 0;

	if (atomic_load(&s->word->paused) || paced || !room || something_lands(s)
	    || s->renewal != NULL || count_out(s) >= width(s)
	    || s->breaker.mode == BREAKER_HALF_OPEN)
		return SITE_NEVER;
	if (!breaker_allows(&s->breaker, at))
		at = breaker_next(&s->breaker);
	if (at < s->begin_ms)
		at = s->begin_ms;
	if (s->next != NULL || s->look)
		return at;
	return s->look_ms == SITE_NEVER || s->look_ms > at ? s->look_ms : at;
}

int64_t
site_sleep(const struct site *s)
{
	int64_t now = clock_mono(s->d->clock);
	int64_t wait = -1;

	for (size_t i = 0; i < s->n_attempts; i++)
		if (s->attempts[i].state == ATTEMPT_DECIDED)
			sooner(&wait, s->attempts[i].record_ms, now);
	if (s->suspects.blamed && !s->suspects.with_writer)
		sooner(&wait, s->suspects.record_ms, now);
	if (s->d->stopping || s->d->failed)
		return wait;
	if (s->unfit.n > 0 && !s->unfit.locked)
		sooner(&wait, s->settle_ms, now);
	sooner(&wait, begin_time(s, now), now);
	if (s->d->sent && s->look && s->next == NULL)
		return 0;
	return wait;
}

void
site_abandon(struct site *s)
{
	for (size_t i = 0; i < s->n_attempts; i++)
		if (s->attempts[i].state == ATTEMPT_DECIDED)
			attempt_release(&s->attempts[i]);
}
