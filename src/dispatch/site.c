#include "dispatch/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dispatch/internal.h"
#include "event/bento.h"

/* A batch that was prepared longer ago is read again before it goes out: operators and retries may
 * have changed what is due. */
#define PREPARED_MAX_MS 1000
/* Nothing is prepared earlier than this before the pace lets it go. */
#define PREPARE_AHEAD_MS 100
/* The wall clock may jump, so a time in the far future is looked at again meanwhile. */
#define LOOK_AGAIN_MS 60000

/* ---- birth and death ------------------------------------------------------------------------ */

static int
copy_texts(struct site *s, const struct dispatch_site_options *o, struct err *e)
{
	bool ca_file = o->ca_file != NULL && o->ca_file[0] != '\0';
	struct buf url;

	buf_init(&url, 8192);
	bento_events_url(&url, o->api_url, o->site_uuid);
	if (url.failed) {
		buf_free(&url);
		return err_set(e, ERR_INPUT, "api_url is too long");
	}
	s->url = buf_steal(&url, NULL);
	s->name = strdup(o->name);
	s->user = strdup(o->publishable_key);
	s->password = strdup(o->secret_key);
	s->ca_file = ca_file ? strdup(o->ca_file) : NULL;
	buf_init(&s->mapping_text, 4096);
	mapping_describe(&o->mapping, &s->mapping_text);
	if (s->url == NULL || s->name == NULL || s->user == NULL || s->password == NULL
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
		if (batch_init(&a->batch, o->batch_events, o->batch_bytes, e) != 0)
			return -1;
	}
	return inflight_init(&s->inflight, n * o->batch_events, e);
}

int
site_init(
    struct site *s, struct dispatcher *d, const struct dispatch_site_options *o, struct err *e)
{
	*s = (struct site){
		.d = d,
		.site_id = o->site_id,
		.concurrency = o->concurrency == 0 ? 1 : o->concurrency,
		.timeout_ms = o->timeout_ms,
		.retry_first_ms = o->retry_first_ms,
		.retry_max_ms = o->retry_max_ms,
		.mapping = o->mapping,
		.look = true,
		.look_ms = SITE_NEVER,
	};
	pace_init(&s->pace, o->requests_per_minute);
	if (o->batch_events == 0 || o->batch_bytes == 0)
		return err_set(e, ERR_INPUT, "a batch needs room for an event");
	if (copy_texts(s, o, e) != 0 || make_attempts(s, o, e) != 0)
		return err_wrap(e, "site %s", o->name);
	return 0;
}

static void
free_secret(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

void
site_free(struct site *s)
{
	for (size_t i = 0; i < s->n_attempts; i++)
		batch_free(&s->attempts[i].batch);
	free(s->attempts);
	inflight_free(&s->inflight);
	buf_free(&s->mapping_text);
	free(s->name);
	free(s->url);
	free_secret(s->user);
	free_secret(s->password);
	free(s->ca_file);
}

/* ---- counting ------------------------------------------------------------------------------- */

static size_t
count_state(const struct site *s, enum attempt_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_attempts; i++)
		n += s->attempts[i].state == state;
	return n;
}

static size_t
count_out(const struct site *s)
{
	return count_state(s, ATTEMPT_BEGINNING) + count_state(s, ATTEMPT_SENDING);
}

static struct attempt *
find_idle(struct site *s)
{
	for (size_t i = 0; i < s->n_attempts; i++)
		if (s->attempts[i].state == ATTEMPT_IDLE)
			return &s->attempts[i];
	return NULL;
}

bool
site_is_open(const struct site *s, int64_t now)
{
	return s->state.mode == OUTBOX_SITE_READY || now >= s->open_ms;
}

bool
site_is_quiet(const struct site *s)
{
	return count_state(s, ATTEMPT_IDLE) == s->n_attempts && !s->announcing && !s->unfit.locked;
}

/* ---- messages without an attempt --------------------------------------------------------------
 */

/* What an earlier run left in the site's row is over: this run has not failed yet. */
static void
announce(struct site *s)
{
	s->announced = true;
	s->announcement = (struct outbox_site_change){
		.msg.type = OUTBOX_SITE_STATE,
		.site_id = s->site_id,
		.site = s->state,
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

/* Events that no request can carry must not block those behind them: they become `invalid`
 * or, when their kind is not forwarded, `unsupported`. */
static void
settle_unfit(struct site *s, int64_t now)
{
	if (s->unfit.n == 0 || s->unfit.locked || now < s->settle_ms)
		return;
	s->settle = (struct outbox_settle){
		.msg.type = OUTBOX_SETTLE,
		.event_ids = s->unfit.ids,
		.n_events = s->unfit.n,
		.status = mapping_status(s->unfit.reason),
		.reason = s->unfit.reason,
	};
	s->unfit.locked = dispatcher_send(s->d, &s->settle.msg) == 0;
}

static void
settled(struct site *s)
{
	const struct err *e = &s->settle.msg.err;

	s->unfit.locked = false;
	if (s->settle.msg.rc == 0) {
		forget_unfit(s);
		return;
	}
	if (e->code == ERR_IO)
		dispatcher_fail(s->d, e);
	else
		dispatcher_tell(s->d, &s->d->record_limit, e);
	s->settle_ms = clock_mono(s->d->clock) + DISPATCH_RECORD_AGAIN_MS;
}

#define CONTAINER(msg_, type_, member_) ((type_ *)(void *)((char *)(msg_)-offsetof(type_, member_)))

void
site_take_mail(struct outbox_msg *msg)
{
	if (msg->type == OUTBOX_ATTEMPT_BEGIN)
		attempt_begun(CONTAINER(msg, struct attempt, begin.msg));
	else if (msg->type == OUTBOX_ATTEMPT_END)
		attempt_ended(CONTAINER(msg, struct attempt, end.msg));
	else if (msg->type == OUTBOX_SETTLE)
		settled(CONTAINER(msg, struct site, settle.msg));
	else
		CONTAINER(msg, struct site, announcement.msg)->announcing = false;
}

/* ---- batches -------------------------------------------------------------------------------- */

static void
drop_next(struct site *s)
{
	if (s->next != NULL)
		attempt_release(s->next);
	s->next = NULL;
}

/* When to look again: nothing more is due now. */
static void
look_later(struct site *s, int64_t now)
{
	struct err e = { .code = ERR_NONE };
	int64_t soonest, wait;

	s->look = false;
	s->look_ms = SITE_NEVER;
	if (outbox_due_soonest(s->d->reader, s->site_id, &soonest, &e) != 0) {
		dispatcher_tell(s->d, &s->d->read_limit, &e);
		s->look_ms = now + DISPATCH_READ_AGAIN_MS;
		return;
	}
	wait = soonest - clock_wall(s->d->clock);
	/* What is due already and was not taken is on its way, or waits for room in the unfit. */
	if (soonest == 0 || wait <= 0)
		return;
	s->look_ms = now + (wait < LOOK_AGAIN_MS ? wait : LOOK_AGAIN_MS);
}

static void
read_batch(struct site *s, struct batch *b, int64_t now)
{
	struct batch_source source = {
		.reader = s->d->reader,
		.site_id = s->site_id,
		.now = clock_wall(s->d->clock),
		.mapping = &s->mapping,
		.taken = &s->inflight,
		.unfit = &s->unfit,
	};
	size_t before = b->n;
	struct err e = { .code = ERR_NONE };
	int rc = batch_fill(b, &source, &e);

	/* They fit: the set has room for every attempt's batch. */
	inflight_add(&s->inflight, b->ids + before, b->n - before);
	if (before == 0)
		b->built_ms = now;
	if (rc != 0) {
		dispatcher_tell(s->d, &s->d->read_limit, &e);
		s->look = false;
		s->look_ms = now + DISPATCH_READ_AGAIN_MS;
	} else if (!b->full) {
		look_later(s, now);
	}
}

/* Makes sure that a batch is there, as full as it can be. False: nothing is due. */
static bool
fill_next(struct site *s, int64_t now)
{
	if (now >= s->look_ms) {
		s->look_ms = SITE_NEVER;
		s->look = true;
	}
	if (s->next != NULL && now - s->next->batch.built_ms > PREPARED_MAX_MS)
		drop_next(s);
	if (s->next == NULL && s->look && (s->next = find_idle(s)) != NULL)
		s->next->state = ATTEMPT_FILLED;
	if (s->next != NULL && s->look && !s->next->batch.full)
		read_batch(s, &s->next->batch, now);
	if (s->next != NULL && s->next->batch.n == 0) {
		s->next->state = ATTEMPT_IDLE;
		s->next = NULL;
	}
	return s->next != NULL;
}

/* ---- running -------------------------------------------------------------------------------- */

/*
 * May one more attempt begin? With a pace only one at a time is on its way to its commit: the time
 * of the request itself counts, and that is known when the commit is done.
 */
static bool
may_begin(const struct site *s, int64_t now)
{
	return now >= s->begin_ms && site_is_open(s, now) && count_out(s) < s->concurrency
	       && pace_wait(&s->pace, now) == 0
	       && (s->pace.interval_ms == 0 || count_state(s, ATTEMPT_BEGINNING) == 0);
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

/* While requests are out the next batch is prepared, unless the pace makes it wait for long. */
static bool
may_prepare(const struct site *s, int64_t now)
{
	return !s->d->sent && count_out(s) > 0 && site_is_open(s, now)
	       && pace_wait(&s->pace, now) <= PREPARE_AHEAD_MS;
}

void
site_run(struct site *s)
{
	int64_t now = clock_mono(s->d->clock);
	bool sending = !s->d->stopping && !s->d->failed;
	bool filled;

	if (!s->announced && sending)
		announce(s);
	if (!sending || !site_is_open(s, now))
		drop_next(s);
	/* The next batch is made ready before the ends are handed over, so that the writer finds an
	 * end and the next beginning together and keeps both with one commit. */
	do {
		filled = sending && !s->d->failed && may_begin(s, now) && fill_next(s, now);
		record_ends(s, now);
		if (filled)
			begin_next(s);
	} while (filled);
	if (sending && may_prepare(s, now))
		fill_next(s, now);
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
	bool paced = s->pace.interval_ms != 0 && count_state(s, ATTEMPT_BEGINNING) > 0;
	bool room = s->next != NULL || count_state(s, ATTEMPT_IDLE) > 0;

	if (paced || !room || count_out(s) >= s->concurrency)
		return SITE_NEVER;
	if (!site_is_open(s, at))
		at = s->open_ms;
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
