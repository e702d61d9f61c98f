/*
 * The dispatcher's thread: takes what came back from the writer and from the transport, lets every
 * site do what it can, and sleeps in the transport until something happens.
 *
 * Mail from the writer comes through a mailbox; the writer's thread touches the dispatcher in
 * give_back() only, and the end of the thread waits until no message is owed any more.
 */
#include "dispatch/dispatcher.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "dispatch/dispatcher_private.h"

#define TELL_EVERY_MS 60000

/* ---- waking --------------------------------------------------------------------------------- */

static void
nudge(void *arg)
{
	struct dispatcher *d = arg;

	if (atomic_exchange(&d->waking, DISPATCH_NUDGED) == DISPATCH_ASLEEP)
		d->transport->wake(d->transport);
}

void
dispatcher_wake(struct dispatcher *d)
{
	atomic_store(&d->due, true);
	nudge(d);
}

void
dispatcher_look_again(struct dispatcher *d)
{
	atomic_store(&d->changed, true);
	nudge(d);
}

static void
free_letters(struct mail *mail)
{
	while (mail != NULL) {
		struct mail *next = mail->next;

		renewal_free((struct renewal *)(void *)mail);
		mail = next;
	}
}

void
dispatcher_ask_to_stop(struct dispatcher *d)
{
	atomic_store(&d->stop, true);
	nudge(d);
}

/* All or none: what is pushed cannot be taken back. */
int
dispatcher_reload_sites(
    struct dispatcher *d, const struct dispatch_site_options *sites, size_t n, struct err *e)
{
	struct renewal *first = NULL;

	for (size_t i = 0; i < n; i++) {
		struct renewal *made = renewal_new(&sites[i]);

		if (made == NULL) {
			free_letters(first == NULL ? NULL : &first->mail);
			return err_nomem(e);
		}
		made->mail.next = first == NULL ? NULL : &first->mail;
		first = made;
	}
	for (struct mail *mail = first == NULL ? NULL : &first->mail, *next; mail; mail = next) {
		next = mail->next;
		mailbox_push_always(&d->letters, mail);
	}
	return 0;
}

void
dispatcher_site_control(struct dispatcher *d, int64_t site_id, enum dispatch_site_control what)
{
	for (size_t i = 0; i < d->n_sites; i++) {
		if (d->words[i].site_id != site_id)
			continue;
		if (what != DISPATCH_FLUSH)
			atomic_store(&d->words[i].paused, what == DISPATCH_PAUSE);
		if (what != DISPATCH_PAUSE)
			atomic_store(&d->words[i].hurry, true);
	}
	nudge(d);
}

/* ---- the writer ----------------------------------------------------------------------------- */

/* On the writer's thread: from the push on, the message is the dispatcher's. */
static void
give_back(struct outbox_msg *msg, void *arg)
{
	struct dispatcher *d = arg;

	mailbox_push_always(&d->mailbox, &msg->mail);
	atomic_fetch_sub(&d->owed, 1);
}

int
dispatcher_send(struct dispatcher *d, struct outbox_msg *msg)
{
	struct err e;

	msg->done = give_back;
	msg->done_arg = d;
	atomic_fetch_add(&d->owed, 1);
	if (outbox_send(d->outbox, msg) == 0)
		return 0;
	atomic_fetch_sub(&d->owed, 1);
	err_set(&e, ERR_STATE, "the outbox has ended");
	dispatcher_fail(d, &e);
	return -1;
}

void
dispatcher_fail(struct dispatcher *d, const struct err *e)
{
	d->failed = true;
	if (!d->failed_told)
		log_error(
		    "nothing is sent any more, because no attempt can be recorded: %s", e->text);
	d->failed_told = true;
}

void
dispatcher_tell(struct dispatcher *d, struct log_limit *limit, const struct err *e)
{
	unsigned suppressed;

	if (!log_limit_pass(limit, clock_mono(d->clock), TELL_EVERY_MS, &suppressed))
		return;
	if (suppressed > 0)
		log_warn("dispatcher: %s (and %u more like it)", e->text, suppressed);
	else
		log_warn("dispatcher: %s", e->text);
}

/* ---- one step ------------------------------------------------------------------------------- */

static void
take_mail(struct dispatcher *d)
{
	struct mail *mail = mailbox_take(&d->mailbox);

	while (mail != NULL) {
		struct mail *next = mail->next;

		site_take_mail((struct outbox_msg *)(void *)mail);
		mail = next;
	}
}

static void
take_letters(struct dispatcher *d)
{
	struct mail *mail = mailbox_take(&d->letters);

	while (mail != NULL) {
		struct renewal *r = (struct renewal *)(void *)mail;
		size_t i = 0;

		mail = mail->next;
		while (i < d->n_sites && d->sites[i].site_id != r->options.site_id)
			i++;
		if (i < d->n_sites)
			site_take_renewal(&d->sites[i], r);
		else
			renewal_free(r);
	}
}

static void
take_results(struct dispatcher *d)
{
	struct transport_result result;

	while (d->transport->finished(d->transport, &result) == 1) {
		site_take_result(result.owner, &result);
		transport_result_free(&result);
	}
}

static void
report_site(const struct dispatcher *d, struct site *s)
{
	int64_t wait = breaker_next(&s->breaker) - clock_mono(d->clock);

	if (!s->news)
		return;
	s->news = false;
	if (d->on_site != NULL)
		d->on_site(d->on_site_arg, s->name, s->state.mode, s->state.reason);
	if (s->state.mode == OUTBOX_SITE_READY)
		log_info("site %s: delivers again", s->name);
	else
		log_warn("site %s: %s; %s, next attempt in %lld s", s->name, s->state.reason,
		    s->state.mode == OUTBOX_SITE_PAUSED ? "paused" : "waits",
		    (long long)((wait + 999) / 1000));
}

static bool
is_quiet(const struct dispatcher *d)
{
	for (size_t i = 0; i < d->n_sites; i++)
		if (!site_is_quiet(&d->sites[i]))
			return false;
	return atomic_load(&d->owed) == 0;
}

static void
note_stop(struct dispatcher *d, int64_t now)
{
	if (d->stopping || !atomic_load(&d->stop))
		return;
	d->stopping = true;
	d->stop_ms = now + d->stop_deadline_ms;
}

/* Requests in flight may end until stop_ms, then they are cancelled; what the writer cannot keep
 * even then is left to the recovery at the next start. */
static void
run_stop(struct dispatcher *d, int64_t now)
{
	if (d->stopping && now >= d->stop_ms && !d->cancelled) {
		d->cancelled = true;
		d->transport->cancel(d->transport);
		take_results(d);
	}
	if (d->stopping && now >= d->stop_ms + DISPATCH_RECORD_LAST_MS)
		for (size_t i = 0; i < d->n_sites; i++)
			site_abandon(&d->sites[i]);
}

/* The last moments of giving a message back are short: looking again soon is enough. */
static int64_t
stop_wait(const struct dispatcher *d, int64_t now, int64_t wait)
{
	int64_t end = d->cancelled ? d->stop_ms + DISPATCH_RECORD_LAST_MS : d->stop_ms;
	int64_t left = end > now ? end - now : 1;
	bool quiet = true;

	for (size_t i = 0; i < d->n_sites; i++)
		quiet = quiet && site_is_quiet(&d->sites[i]);
	if (quiet)
		return 1;
	return wait < 0 || left < wait ? left : wait;
}

static int64_t
step_wait(struct dispatcher *d)
{
	int64_t wait = -1;

	if (d->finished || atomic_load(&d->waking) == DISPATCH_NUDGED)
		return 0;
	for (size_t i = 0; i < d->n_sites; i++) {
		int64_t own = site_sleep(&d->sites[i]);

		if (own >= 0 && (wait < 0 || own < wait))
			wait = own;
	}
	return d->stopping ? stop_wait(d, clock_mono(d->clock), wait) : wait;
}

int64_t
dispatcher_step(struct dispatcher *d)
{
	/* Before looking at anything, so that what comes later nudges again. */
	atomic_store(&d->waking, DISPATCH_AWAKE);
	d->sent = false;
	if (atomic_exchange(&d->due, false))
		for (size_t i = 0; i < d->n_sites; i++)
			d->sites[i].look = true;
	note_stop(d, clock_mono(d->clock));
	age_look(&d->age, clock_wall(d->clock), clock_mono(d->clock));
	take_mail(d);
	take_results(d);
	take_letters(d);
	run_stop(d, clock_mono(d->clock));
	/* After the results: what ended later than an operation begins nothing that was read
	 * before. */
	if (atomic_exchange(&d->changed, false))
		for (size_t i = 0; i < d->n_sites; i++)
			site_look_again(&d->sites[i], clock_mono(d->clock));
	for (size_t i = 0; i < d->n_sites; i++) {
		site_run(&d->sites[i]);
		report_site(d, &d->sites[i]);
	}
	d->finished = d->stopping && is_quiet(d);
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
	if (d->transport->poll(d->transport, wait, &e) == 0)
		return;
	/* It has no memory, say: going round at once would only burn the processor. */
	dispatcher_tell(d, &d->poll_limit, &e);
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

	/* Signals are the main thread's; libcurl's helpers inherit this from us. */
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

static int
make_sites(struct dispatcher *d, const struct dispatcher_options *o, struct err *e)
{
	d->sites = calloc(o->n_sites, sizeof(*d->sites));
	d->words = calloc(o->n_sites, sizeof(*d->words));
	if ((d->sites == NULL || d->words == NULL) && o->n_sites > 0)
		return err_nomem(e);
	for (size_t i = 0; i < o->n_sites; i++) {
		d->n_sites++;
		d->words[i].site_id = o->sites[i].site_id;
		d->words[i].paused = o->sites[i].paused;
		if (site_init(&d->sites[i], d, &o->sites[i], e) != 0)
			return -1;
		d->sites[i].word = &d->words[i];
	}
	return 0;
}

int
dispatcher_new(
    const struct dispatcher_options *o, struct dispatcher **ret_dispatcher, struct err *e)
{
	struct dispatcher *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return err_nomem(e);
	if (mailbox_init(&d->mailbox, 0, 0, nudge, d, e) != 0) {
		free(d);
		return -1;
	}
	if (mailbox_init(&d->letters, 0, 0, nudge, d, e) != 0) {
		mailbox_free(&d->mailbox);
		free(d);
		return -1;
	}
	d->outbox = o->outbox;
	d->clock = o->clock;
	d->stop_deadline_ms = o->stop_deadline_ms;
	d->on_site = o->on_site;
	d->on_site_arg = o->on_site_arg;
	rand_seed(&d->chance, o->seed);
	if (o->clocks != NULL)
		age_recall(&d->age, o->clocks, o->boot, clock_wall(o->clock), clock_mono(o->clock));
	if (outbox_reader_open(o->database, &d->reader, e) != 0 || make_sites(d, o, e) != 0) {
		dispatcher_free(d);
		return err_wrap(e, "dispatcher");
	}
	d->transport = o->transport;
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
	free(d->words);
	if (d->reader != NULL)
		outbox_reader_close(d->reader);
	if (d->transport != NULL)
		d->transport->free(d->transport);
	mailbox_free(&d->mailbox);
	free_letters(mailbox_take(&d->letters));
	mailbox_free(&d->letters);
	free(d);
}
