/*
 * The dispatcher's thread: takes messages from the writer and results from the transport, lets
 * every site do what it can, and sleeps in the transport until something happens.
 *
 * Other threads set flags or put reloads into a mailbox, and then wake it. Before it ends, the
 * thread waits until the writer has returned every message. When the transport cannot be polled,
 * the thread polls it again.
 */
#include "dispatch/dispatcher.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "dispatch/dispatcher_private.h"

/* ---- from other threads --------------------------------------------------------------------- */

static void
nudge(void *arg)
{
	struct dispatcher *d = arg;

	if (atomic_exchange(&d->waking, DISPATCH_NUDGED) == DISPATCH_ASLEEP)
		d->ctx.transport->wake(d->ctx.transport);
}

void
dispatcher_wake(struct dispatcher *d)
{
	if (!atomic_exchange(&d->due, true))
		nudge(d);
}

void
dispatcher_look_again(struct dispatcher *d)
{
	atomic_store(&d->changed, true);
	nudge(d);
}

void
dispatcher_ask_to_stop(struct dispatcher *d)
{
	atomic_store(&d->stop, true);
	nudge(d);
}

void
dispatcher_hold(struct dispatcher *d, bool hold)
{
	if (atomic_exchange(&d->hold, hold) != hold)
		nudge(d);
}

bool
dispatcher_moves(struct dispatcher *d)
{
	bool moved = !atomic_exchange(&d->asked, true);

	nudge(d);
	return moved;
}

static void
free_reloads(struct mail *mail)
{
	while (mail != NULL) {
		struct mail *next = mail->next;

		site_reload_free((struct site_reload *)(void *)mail);
		mail = next;
	}
}

/* Makes all reloads before it pushes the first, because a pushed reload cannot be taken back. */
int
dispatcher_reload_sites(
    struct dispatcher *d, const struct dispatch_site_options *sites, size_t n, struct err *e)
{
	struct mail *made = NULL, *next;

	for (size_t i = 0; i < n; i++) {
		struct site_reload *r = site_reload_new(&sites[i], e);

		if (r == NULL) {
			free_reloads(made);
			return -1;
		}
		r->mail.next = made;
		made = &r->mail;
	}
	for (; made != NULL; made = next) {
		next = made->next;
		mailbox_push_always(&d->reloads, made);
	}
	return 0;
}

void
dispatcher_site_control(struct dispatcher *d, int64_t site_id, enum dispatch_site_control what)
{
	for (size_t i = 0; i < d->n_sites; i++) {
		if (d->controls[i].site_id != site_id)
			continue;
		if (what != DISPATCH_FLUSH)
			atomic_store(&d->controls[i].paused, what == DISPATCH_PAUSE);
		if (what != DISPATCH_PAUSE)
			atomic_store(&d->controls[i].retry_now, true);
	}
	nudge(d);
}

/* ---- one step ------------------------------------------------------------------------------- */

static void
take_results(struct dispatcher *d)
{
	struct transport *transport = d->ctx.transport;
	struct transport_result result;

	while (transport->finished(transport, &result) == 1) {
		outgoing_take_result(&result);
		transport_result_free(&result);
	}
}

static void
take_reload(struct dispatcher *d, struct site_reload *r)
{
	for (size_t i = 0; i < d->n_sites; i++) {
		if (d->controls[i].site_id == r->settings.options.site_id) {
			site_take_reload(&d->sites[i], r);
			return;
		}
	}
	site_reload_free(r);
}

static void
take_reloads(struct dispatcher *d)
{
	struct mail *mail = mailbox_take(&d->reloads);

	while (mail != NULL) {
		struct site_reload *r = (struct site_reload *)(void *)mail;

		mail = mail->next;
		take_reload(d, r);
	}
}

/* Whether each site will look for events anyway, when it can send. */
static bool
sites_will_look(const struct dispatcher *d)
{
	for (size_t i = 0; i < d->n_sites; i++)
		if (!d->sites[i].queue.look)
			return false;
	return true;
}

/* While each site will look anyway, d->due stays set, so that events that come in do not wake the
 * thread: Bento is away, or there is a backlog. */
static void
look_for_events(struct dispatcher *d, int64_t now)
{
	bool due = !sites_will_look(d) && atomic_exchange(&d->due, false),
	     changed = atomic_exchange(&d->changed, false);

	for (size_t i = 0; i < d->n_sites; i++) {
		if (due)
			queue_wake(&d->sites[i].queue);
		if (changed)
			queue_look_again(&d->sites[i].queue, now);
	}
}

static void
report_state(const struct dispatcher *d, struct site *s)
{
	const struct outbox_site_state *state = &s->health.state;
	const char *name = s->settings.options.name;
	int64_t wait = state->next_attempt_at - clock_wall(d->ctx.clock);

	if (!health_take_change(&s->health))
		return;
	if (d->on_site != NULL)
		d->on_site(d->on_site_arg, name, state->mode, state->reason);
	if (state->mode == OUTBOX_SITE_READY)
		log_info("site %s: delivers again", name);
	else
		log_warn("site %s: %s; %s, next attempt in %lld s", name, state->reason,
		    state->mode == OUTBOX_SITE_PAUSED ? "paused" : "backing off",
		    (long long)((wait + 999) / 1000));
}

static bool
sites_are_quiet(const struct dispatcher *d)
{
	for (size_t i = 0; i < d->n_sites; i++)
		if (!site_is_quiet(&d->sites[i]))
			return false;
	return true;
}

static void
note_stop(struct dispatcher *d, int64_t now)
{
	if (d->ctx.stopping || !atomic_load(&d->stop))
		return;
	d->ctx.stopping = true;
	d->stop_ms = now + d->stop_deadline_ms;
}

/* Requests in flight may end until stop_ms; then they are canceled. What the writer cannot store
 * even then is left to the recovery at the next start. */
static void
run_stop(struct dispatcher *d, int64_t now)
{
	if (d->ctx.stopping && now >= d->stop_ms && !d->canceled) {
		d->canceled = true;
		d->ctx.transport->cancel(d->ctx.transport);
		take_results(d);
	}
	if (d->ctx.stopping && now >= d->stop_ms + DISPATCH_RECORD_LAST_MS)
		for (size_t i = 0; i < d->n_sites; i++)
			outgoing_abandon(&d->sites[i].outgoing);
}

/* Returns how long to sleep during a stop. Once all sites are quiet it is 1 ms, because the writer
 * needs only a moment to finish returning its last message. */
static int64_t
stop_wait(const struct dispatcher *d, int64_t now, int64_t wait)
{
	int64_t end = d->canceled ? d->stop_ms + DISPATCH_RECORD_LAST_MS : d->stop_ms;
	int64_t left = end > now ? end - now : 1;

	if (sites_are_quiet(d))
		return 1;
	return wait < 0 || left < wait ? left : wait;
}

static int64_t
step_wait(struct dispatcher *d)
{
	int64_t now = clock_mono(d->ctx.clock), wait = -1;

	if (d->finished || atomic_load(&d->waking) == DISPATCH_NUDGED
	    || (atomic_load(&d->due) && !sites_will_look(d)))
		return 0;
	for (size_t i = 0; i < d->n_sites; i++) {
		int64_t own = site_sleep(&d->sites[i], now);

		if (own >= 0 && (wait < 0 || own < wait))
			wait = own;
	}
	return d->ctx.stopping ? stop_wait(d, now, wait) : wait;
}

int64_t
dispatcher_step(struct dispatcher *d)
{
	int64_t now = clock_mono(d->ctx.clock);

	/* Set before looking at anything, so that a later change wakes the thread again. */
	atomic_store(&d->waking, DISPATCH_AWAKE);
	atomic_store(&d->asked, false);
	d->ctx.sent = false;
	note_stop(d, now);
	d->ctx.held = atomic_load(&d->hold);
	context_look_at_clocks(&d->ctx);
	context_take_mail(&d->ctx);
	take_results(d);
	take_reloads(d);
	run_stop(d, now);
	/* After the results: a request that ended after an operation must not start events that
	 * were read before it. */
	look_for_events(d, now);
	for (size_t i = 0; i < d->n_sites; i++) {
		site_run(&d->sites[i], clock_mono(d->ctx.clock));
		report_state(d, &d->sites[i]);
	}
	d->finished = d->ctx.stopping && sites_are_quiet(d) && atomic_load(&d->ctx.owed) == 0;
	return step_wait(d);
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void
sleep_in_transport(struct dispatcher *d, int64_t wait)
{
	int awake = DISPATCH_AWAKE;
	struct err e = { .code = ERR_NONE };

	if (!atomic_compare_exchange_strong(&d->waking, &awake, DISPATCH_ASLEEP))
		wait = 0;
	if (d->ctx.transport->poll(d->ctx.transport, wait, &e) == 0)
		return;
	/* Polling may fail again at once, for example without memory: the pause saves CPU time. */
	context_warn(&d->ctx, &d->poll_limit, &e);
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
}

static void *
run(void *arg)
{
	struct dispatcher *d = arg;

	for (;;) {
		int64_t wait = dispatcher_step(d);

		if (d->finished)
			return NULL;
		sleep_in_transport(d, wait);
	}
}

int
dispatcher_start(struct dispatcher *d, struct err *e)
{
	sigset_t all, before;
	int rc;

	/* Signals go to the main thread; libcurl's helper threads inherit this mask. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&d->thread, NULL, run, d);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_set(e, ERR_SYSTEM, "cannot start the dispatcher's thread");
	d->running = true;
	return 0;
}

void
dispatcher_stop(struct dispatcher *d)
{
	if (!d->running)
		return;
	dispatcher_ask_to_stop(d);
	pthread_join(d->thread, NULL);
	d->running = false;
}

/* ---- setup and release ---------------------------------------------------------------------- */

static int
make_sites(struct dispatcher *d, const struct dispatcher_options *o, struct err *e)
{
	d->sites = calloc(o->n_sites, sizeof(*d->sites));
	d->controls = calloc(o->n_sites, sizeof(*d->controls));
	if ((d->sites == NULL || d->controls == NULL) && o->n_sites > 0)
		return err_nomem(e);
	for (; d->n_sites < o->n_sites; d->n_sites++) {
		const struct dispatch_site_options *options = &o->sites[d->n_sites];
		struct site_control *control = &d->controls[d->n_sites];

		control->site_id = options->site_id;
		control->paused = options->paused;
		if (site_init(&d->sites[d->n_sites], &d->ctx, control, options, e) != 0)
			return -1;
	}
	return 0;
}

static int
make_mailboxes(struct dispatcher *d, struct err *e)
{
	if (context_init(&d->ctx, nudge, d, e) != 0)
		return -1;
	if (mailbox_init(&d->reloads, 0, 0, nudge, d, e) == 0)
		return 0;
	context_free(&d->ctx);
	return -1;
}

int
dispatcher_new(
    const struct dispatcher_options *o, struct dispatcher **ret_dispatcher, struct err *e)
{
	struct dispatcher *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	if (make_mailboxes(d, e) != 0) {
		free(d);
		return -1;
	}
	d->ctx.clock = o->clock;
	d->ctx.composer = o->composer;
	d->stop_deadline_ms = o->stop_deadline_ms;
	d->on_site = o->on_site;
	d->on_site_arg = o->on_site_arg;
	rand_seed(&d->ctx.chance, o->seed);
	d->ctx.on_date = o->on_date;
	d->ctx.on_date_arg = o->on_date_arg;
	if (o->history != NULL)
		d->ctx.history = *o->history;
	context_look_at_clocks(&d->ctx);
	if (make_sites(d, o, e) != 0) {
		dispatcher_free(d);
		return err_wrap(e, "dispatcher");
	}
	d->ctx.outbox = o->outbox;
	d->ctx.transport = o->transport;
	*ret_dispatcher = d;
	return 0;
}

void
dispatcher_free(struct dispatcher *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n_sites; i++)
		site_free(&d->sites[i]);
	free(d->sites);
	free(d->controls);
	context_free(&d->ctx);
	free_reloads(mailbox_take(&d->reloads));
	mailbox_free(&d->reloads);
	free(d);
}
