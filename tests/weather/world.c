/*
 * The time of one world: what happens next, and whose turn it is. The dispatcher gets a turn only
 * for a reason that would wake its thread: a wake-up call, a result, or the end of its sleep.
 */
#include "weather/weather.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BOOT 1           /* the machine never restarts */
#define TURNS_MAX 100000 /* maximum turns without time passing */

/* ---- small things --------------------------------------------------------------------------- */

int64_t
world_between(struct world *w, int64_t low, int64_t high)
{
	return high <= low ? low
			   : low + (int64_t)rand_below(&w->chance, (uint64_t)(high - low + 1));
}

int64_t
world_scale(struct world *w, int64_t low, int64_t high)
{
	unsigned bits = 0;
	int64_t top;

	while (low << (bits + 1) <= high)
		bits++;
	top = low << rand_below(&w->chance, bits + 1);
	return world_between(w, top, 2 * top - 1 < high ? 2 * top - 1 : high);
}

bool
world_chance(struct world *w, unsigned percent)
{
	return rand_below(&w->chance, 100) < percent;
}

void
world_tell(struct world *w, const char *fmt, ...)
{
	char *to = w->told[w->n_told++ % TOLD_LINES];
	int n = snprintf(to, TOLD_SIZE, "%12.3f ", (double)w->mono / 1000);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to + n, TOLD_SIZE - (size_t)n, fmt, ap);
	va_end(ap);
	if (w->verbose)
		printf("# %s\n", to);
}

void
world_micro_step(struct world *w)
{
	if (w->crash_in > 0 && --w->crash_in == 0)
		w->crashed = true;
}

static int64_t
wall_ms(void *arg)
{
	return ((struct world *)arg)->wall;
}

static int64_t
mono_ms(void *arg)
{
	return ((struct world *)arg)->mono;
}

/* ---- the process ---------------------------------------------------------------------------- */

static void
look_at_clocks(struct world *w)
{
	age_look(&w->clocks, &(struct age_reading){ BOOT, w->wall, w->mono, CLOCK_UNCONFIRMED });
}

static void
start_process(struct world *w)
{
	struct dispatcher_options o = {
		.outbox = box_port(w),
		.transport = &w->net.ops,
		.composer = &weather_composer,
		.clock = &w->clock,
		.seed = rand_u64(&w->chance),
		.history = &w->clocks,
		.sites = &w->config.site,
		.n_sites = 1,
		.stop_deadline_ms = w->config.stop_deadline_ms,
	};
	struct err e;

	box_recover(w);
	model_restarted(w);
	look_at_clocks(w);
	if (dispatcher_new(&o, &w->d, &e) != 0)
		model_broken(w, "start", "%s", e.text);
	w->step_at = w->mono;
	w->stop_asked = NEVER;
	world_tell(w,
	    "the process starts: batches of %u events, %zu bytes, %u a minute, %u at once, retry "
	    "%lld to %lld, policy %d %d %d %u, attempts %u, age %lld, commit %lld",
	    o.sites->batch_events, o.sites->batch_bytes, o.sites->link.requests_per_minute,
	    o.sites->concurrency, (long long)o.sites->retry_first_ms,
	    (long long)o.sites->retry_max_ms, (int)o.sites->policy.partial,
	    (int)o.sites->policy.ambiguous, (int)o.sites->policy.maybe_delivered,
	    o.sites->policy.all_refused, o.sites->max_attempts, (long long)o.sites->max_age_ms,
	    (long long)w->config.commit_ms);
}

static void
end_process(struct world *w)
{
	dispatcher_free(w->d);
	w->d = NULL;
	box_crash(w);
	w->crashed = false;
	w->crash_in = -1;
	w->down_until = w->mono + world_scale(w, 1, HOUR);
}

static void
note_crash(struct world *w)
{
	bool ending = false, begun = false;

	for (struct mail *m = w->box.head; m != NULL; m = m->next)
		ending |= ((struct outbox_msg *)(void *)m)->type == OUTBOX_ATTEMPT_END;
	for (size_t i = 0; i < w->box.n_attempts; i++)
		begun |= !w->box.attempts[i].ended && !w->box.attempts[i].sent;
	w->seen[SEEN_CRASH_ENDING] += ending;
	w->seen[SEEN_CRASH_BEGUN] += begun;
	w->seen[SEEN_CRASH_KEPT] += w->box.done != NULL;
	w->seen[SEEN_CRASH_IN_FLIGHT] += w->net.n_open > 0;
	w->seen[SEEN_CRASH_IDLE] += !ending && !begun && w->net.n_open == 0;
	world_tell(w, "crash: %zu requests out", w->net.n_open);
}

static void
crash(struct world *w)
{
	note_crash(w);
	net_crash(w);
	end_process(w);
}

static void
step(struct world *w)
{
	int64_t wait;

	look_at_clocks(w);
	wait = dispatcher_step(w->d);
	w->step_at = wait < 0 ? NEVER : w->mono + wait;
	world_micro_step(w);
	if (!w->d->finished)
		return;
	model_stopped(w, w->stop_asked);
	world_tell(w, "the process has stopped");
	w->seen[SEEN_STOPS]++;
	end_process(w);
}

/* ---- the plan ------------------------------------------------------------------------------- */

static void
arrivals(struct world *w, int64_t n)
{
	const struct config *c = &w->config;

	for (int64_t i = 0; i < n; i++) {
		struct event event = {
			.address = (unsigned)rand_below(&w->chance, c->addresses),
			.pad = (size_t)world_between(w, 0, (int64_t)c->pad_max),
			.poison = world_chance(w, c->poison_percent),
			.cursed = world_chance(w, c->cursed_percent) && w->cursed < CURSED_MAX,
			.unfit = world_chance(w, c->unfit_percent),
			.items = 1,
			.received_at = w->wall,
			.arrived = w->mono,
			.due_mono = w->mono,
		};

		/* At most one event in a world is cursed. Several that are due together fail
		 * like an outage, which charges none of them, because no other event gets
		 * through. */
		w->cursed += event.cursed;
		if (!event.unfit && world_chance(w, c->subscriber_percent))
			event.subscriber = true;
		else if (!event.unfit && world_chance(w, c->several_percent))
			event.items = (unsigned)world_between(w, 2, 4);
		/* Sizes near the limit are avoided: an event is clearly larger than Bento
		 * accepts, or clearly smaller. */
		event.giant = c->body_limit > 0 && !event.unfit
			      && event.items * (event.pad + 400) > c->body_limit;
		if (event.giant)
			event.pad += 400;
		box_add(w, &event);
	}
	world_tell(w, "%lld events arrive: %zu", (long long)n, w->box.n_events);
	dispatcher_wake(w->d);
}

/*
 * After the plan, single events keep coming while others are pending: an event that Bento never
 * accepts differs from an outage only when others get through.
 */
static void
trickle(struct world *w)
{
	struct event event = {
		.address = ADDRESSES_MAX,
		.items = 1,
		.received_at = w->wall,
		.arrived = w->mono,
		.due_mono = w->mono,
	};

	w->trickle_at = w->mono + HOUR;
	if (w->box.n_pending == 0)
		return;
	box_add(w, &event);
	dispatcher_wake(w->d);
}

static void
operate(struct world *w, int verb)
{
	for (int i = 0; i < 5 && w->box.n_events > 0; i++)
		box_operate(w, world_between(w, 1, (int64_t)w->box.n_events), verb);
	if (w->d != NULL)
		dispatcher_look_again(w->d);
}

/* Plays a person who fixes a site that is paused because every event is refused. */
static void
discard_refused(struct world *w)
{
	for (size_t i = 1; i <= w->box.n_events; i++) {
		struct event *event = box_event(w, (int64_t)i);

		if (event->status == STATUS_PENDING && event->refused_alone)
			box_operate(w, (int64_t)i, 1);
	}
}

static void
repair(struct world *w)
{
	struct err e;

	if (w->d == NULL || w->sky == SKY_LOCKED)
		return;
	w->seen[SEEN_REPAIRED]++;
	world_tell(w, "the operator repairs");
	model_repaired(w);
	if (dispatcher_reload_sites(w->d, &w->config.site, 1, &e) != 0)
		model_broken(w, "repair", "%s", e.text);
}

static void
carry_out(struct world *w, const struct plan_item *item)
{
	switch (item->type) {
	case PLAN_ARRIVALS:
		arrivals(w, item->n);
		break;
	case PLAN_SKY:
		w->sky = (enum sky)item->arg;
		world_tell(w, "the weather becomes %d", item->arg);
		break;
	case PLAN_DISK:
		w->box.disk = (enum err_code)item->arg;
		world_tell(w, "the disk becomes %d", item->arg);
		break;
	case PLAN_JUMP:
		w->wall += item->n;
		w->wall = w->wall < 0 ? 0 : w->wall;
		w->model.jumped = true;
		w->seen[SEEN_JUMPS]++;
		world_tell(w, "the wall clock jumps to %lld", (long long)w->wall);
		break;
	case PLAN_CRASH:
		w->crash_in = item->n;
		break;
	case PLAN_STOP:
		w->stop_asked = w->mono;
		dispatcher_ask_to_stop(w->d);
		world_tell(w, "asked to stop");
		break;
	case PLAN_OPERATOR:
		operate(w, item->arg);
		break;
	case PLAN_REPAIR:
		repair(w);
		break;
	case PLAN_END:
		w->trickle_at = w->mono + 3 * HOUR;
		w->crash_in = -1;
		world_tell(w, "the plan has ended");
		break;
	}
}

/* Whether the next item of the plan waits for a process: without one, nothing arrives and
 * operators cannot act. */
static bool
plan_waits(const struct world *w)
{
	enum plan_type type = w->plan.items[w->plan.next].type;
	bool needs = type == PLAN_ARRIVALS || type == PLAN_STOP || type == PLAN_CRASH;

	return needs && (w->d == NULL || w->stop_asked != NEVER);
}

static int64_t
plan_next(const struct world *w)
{
	if (w->plan.next == w->plan.n || plan_waits(w))
		return NEVER;
	return w->plan.items[w->plan.next].at;
}

/* ---- time ----------------------------------------------------------------------------------- */

static void
sooner(int64_t *next, int64_t at)
{
	if (at < *next)
		*next = at;
}

/* Whether the run is over: everything is settled, or the time is up. */
static bool
is_over(const struct world *w)
{
	bool done = w->box.n_pending == 0 && w->net.n_open == 0 && w->box.head == NULL;

	if (w->plan.next < w->plan.n)
		return false;
	return (done && w->mono > w->last_end + 2 * MINUTE)
	       || w->mono > w->last_end + 100 * 24 * HOUR;
}

static void
pass_time(struct world *w)
{
	int64_t next = w->mono + 24 * HOUR;

	sooner(&next, net_next(w));
	sooner(&next, plan_next(w));
	sooner(&next, w->box.commit_at);
	sooner(&next, w->trickle_at > w->mono ? w->trickle_at : NEVER);
	if (w->d != NULL)
		sooner(&next, w->step_at);
	else
		sooner(&next, w->down_until);
	if (w->plan.next == w->plan.n)
		sooner(
		    &next, w->last_end + 3 * MINUTE > w->mono ? w->last_end + 3 * MINUTE : NEVER);
	if (next > w->mono) {
		model_idle(w, next);
		w->wall += next - w->mono;
		w->mono = next;
	}
}

/* Does one thing that is due now; returns false when nothing is. */
static bool
take_turn(struct world *w)
{
	if (w->d == NULL && w->mono >= w->down_until) {
		start_process(w);
	} else if (w->box.done != NULL) {
		box_give_back(w);
		world_micro_step(w);
	} else if (w->d != NULL
		   && (atomic_load(&w->d->waking) == DISPATCH_NUDGED || w->mono >= w->step_at
		       || net_has_result(w))) {
		step(w);
	} else if (w->mono >= w->box.commit_at) {
		box_commit(w);
		world_micro_step(w);
	} else if (w->plan.next < w->plan.n && w->mono >= plan_next(w)) {
		carry_out(w, &w->plan.items[w->plan.next++]);
	} else if (w->d != NULL && w->stop_asked == NEVER && w->mono >= w->trickle_at) {
		trickle(w);
	} else if (net_next(w) <= w->mono) {
		net_run(w);
	} else {
		return false;
	}
	return true;
}

static void
run(struct world *w)
{
	size_t turns = 0;

	while (w->broken == NULL && !is_over(w)) {
		if (w->crashed && w->d != NULL)
			crash(w);
		if (take_turn(w)) {
			if (++turns > TURNS_MAX)
				model_broken(w, "spin", "it does not come to rest");
			continue;
		}
		turns = 0;
		if (w->plan.next == w->plan.n && w->mono > w->last_end + 24 * HOUR
		    && strstr(w->model.told.reason, "all_refused") != NULL)
			discard_refused(w);
		pass_time(w);
	}
	if (w->broken == NULL)
		model_at_end(w);
}

bool
world_run(struct world *w, uint64_t seed, unsigned days, bool verbose)
{
	*w = (struct world){
		.seed = seed,
		.verbose = verbose,
		.mono = 1000000,
		.wall = INT64_C(1785000000000),
		.clock = { .wall_ms = wall_ms, .mono_ms = mono_ms, .arg = w },
		.crash_in = -1,
		.stop_asked = NEVER,
		.trickle_at = NEVER,
	};
	rand_seed(&w->chance, seed);
	box_init(w);
	net_init(w);
	plan_draw(w, days);
	run(w);
	return w->broken == NULL;
}

void
world_free(struct world *w)
{
	/* Requests that are still open have no owner any longer. */
	net_free(w);
	dispatcher_free(w->d);
	box_free(&w->box);
	plan_free(&w->plan);
}
