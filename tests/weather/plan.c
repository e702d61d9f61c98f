/*
 * What a seed determines: a configuration, and everything that happens from outside.
 */
#include "weather/weather.h"

#include <stdlib.h>

#define EVENTS_MAX 900

static void
add(struct plan *p, int64_t at, enum plan_type type, int arg, int64_t n)
{
	if (p->n == p->room) {
		p->room = p->room == 0 ? 64 : 2 * p->room;
		p->items = realloc(p->items, p->room * sizeof(*p->items));
		if (p->items == NULL)
			abort();
	}
	p->items[p->n] = (struct plan_item){ at, p->n, type, arg, n };
	p->n++;
}

static int
compare(const void *a, const void *b)
{
	const struct plan_item *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

void
plan_free(struct plan *p)
{
	free(p->items);
}

/* ---- the configuration ---------------------------------------------------------------------- */

static void
draw_site(struct world *w, struct dispatch_site_options *o)
{
	*o = (struct dispatch_site_options){
		.site_id = SITE_ID,
		.name = "main",
		.api_url = "http://bento.invalid/api/v1",
		.site_uuid = "u-1",
		.publishable_key = "pub",
		.secret_key = "sec",
		.batch_events = world_chance(w, 25) ? 1 : (unsigned)world_scale(w, 2, 50),
		.batch_bytes = (size_t)world_scale(w, 1000, 100000),
		.link.requests_per_minute =
		    world_chance(w, 25) ? 0 : (unsigned)world_scale(w, 1, 120),
		.concurrency = world_chance(w, 50) ? 1 : (unsigned)world_between(w, 2, 4),
		.timeout_ms = world_scale(w, 1000, 60000),
		.retry_first_ms = world_scale(w, 1000, MINUTE),
		.mapping = { .unique_key = world_chance(w, 60), .send_date = true },
	};
	o->retry_max_ms = world_scale(w, o->retry_first_ms, 2 * HOUR);
	o->max_attempts = world_chance(w, 20) ? 0 : (unsigned)world_scale(w, 2, 20);
	o->max_age_ms = world_chance(w, 85) ? 0 : world_scale(w, HOUR, 30 * 24 * HOUR);
	o->policy = (struct verdict_policy){
		.partial = world_chance(w, 75) ? PARTIAL_SPLIT : PARTIAL_HOLD,
		.ambiguous = world_chance(w, 75) ? AMBIGUOUS_RETRY
						 : (enum ambiguous_policy)rand_below(&w->chance, 3),
		.maybe_delivered = world_chance(w, 75) ? MAYBE_HOLD : MAYBE_FAIL,
		.all_refused = world_chance(w, 30) ? (unsigned)world_scale(w, 2, 30) : 0,
	};
}

static void
draw_config(struct world *w)
{
	struct config *c = &w->config;
	bool poisoned = world_chance(w, 50);

	draw_site(w, &c->site);
	c->stop_deadline_ms = world_between(w, 0, 20000);
	c->commit_ms = world_chance(w, 40) ? 0 : world_scale(w, 1, 300);
	c->poison_style = (enum poison_style)rand_below(&w->chance, 3);
	c->poison_status = world_chance(w, 50) ? 400 : 422;
	c->twin_style = (enum twin_style)rand_below(&w->chance, 3);
	c->plain_replies = world_chance(w, 15);
	c->no_failed = world_chance(w, 30);
	c->addresses = (unsigned)world_between(w, 1, ADDRESSES_MAX);
	c->unfit_percent = world_chance(w, 20) ? 5 : 0;
	c->pad_max = world_chance(w, 50) ? 0 : (size_t)world_scale(w, 10, 2000);
	c->poison_percent = poisoned ? (unsigned)world_scale(w, 1, 30) : 0;
	c->cursed_percent = world_chance(w, 12) ? (unsigned)world_scale(w, 1, 10) : 0;
	/* Cursed events need max_attempts. Without it, later events of the address would wait
	 * forever; and an event that is the only one would be tried for months. */
	if (c->cursed_percent > 0) {
		if (c->site.max_attempts == 0 || c->site.max_attempts > 5)
			c->site.max_attempts = (unsigned)world_between(w, 2, 5);
		c->site.retry_max_ms += HOUR / 2;
	}
	c->subscriber_percent = world_chance(w, 40) ? (unsigned)world_scale(w, 1, 60) : 0;
	c->several_percent = world_chance(w, 30) ? (unsigned)world_scale(w, 1, 50) : 0;
	c->body_limit = world_chance(w, 20) ? (size_t)world_scale(w, 1500, 20000) : 0;
}

/* ---- what happens --------------------------------------------------------------------------- */

static enum sky
draw_sky(struct world *w)
{
	return (enum sky)world_between(w, SKY_CLEAR + 1, SKY_COUNT - 1);
}

/* Adds bad weather. It is short, so that a run takes only seconds. */
static void
add_spell(struct world *w, int64_t at)
{
	int64_t longest = 40 * w->config.site.retry_max_ms;
	int64_t ms = world_scale(w, 100, longest < 14 * 24 * HOUR ? longest : 14 * 24 * HOUR);

	enum sky sky = draw_sky(w);

	add(&w->plan, at, PLAN_SKY, (int)sky, 0);
	add(&w->plan, at + ms, PLAN_SKY, SKY_CLEAR, 0);
	if (sky == SKY_LOCKED && world_chance(w, 50))
		add(&w->plan, at + ms, PLAN_REPAIR, 0, 0);
}

static void
add_disk_spell(struct world *w, int64_t at)
{
	add(&w->plan, at, PLAN_DISK, world_chance(w, 50) ? ERR_FULL : ERR_BUSY, 0);
	add(&w->plan, at + world_scale(w, 10, 10 * MINUTE), PLAN_DISK, ERR_NONE, 0);
}

static void
add_jump(struct world *w, int64_t at)
{
	static const int64_t years = 365 * 24 * HOUR;
	const int64_t jumps[] = { -56 * years, 56 * years, 10 * years, -10 * years, HOUR, -HOUR,
		world_scale(w, 1, MINUTE), -world_scale(w, 1, MINUTE) };

	add(&w->plan, at, PLAN_JUMP, 0, jumps[rand_below(&w->chance, 8)]);
}

/* Adds other trouble near an arrival, because trouble while nothing is due tests little. */
static void
add_trouble(struct world *w, int64_t at)
{
	if (world_chance(w, 60))
		add_spell(w, at + world_scale(w, 1, HOUR) - 1000);
	if (world_chance(w, 10))
		add_disk_spell(w, at + world_scale(w, 1, HOUR));
	if (world_chance(w, 5))
		add_jump(w, at + world_scale(w, 1, HOUR));
	if (world_chance(w, 15))
		add(&w->plan, at + world_scale(w, 1, HOUR), PLAN_CRASH, 0, world_scale(w, 1, 100));
	if (world_chance(w, 7))
		add(&w->plan, at + world_scale(w, 1, HOUR), PLAN_STOP, 0, 0);
	for (int i = 0; i < 3; i++)
		if (world_chance(w, 8))
			add(&w->plan, at + world_scale(w, 1, 2 * HOUR), PLAN_OPERATOR,
			    (int)rand_below(&w->chance, 3), 0);
}

void
plan_draw(struct world *w, unsigned days)
{
	int64_t length = (int64_t)days * 24 * HOUR;
	int64_t bursts = world_between(w, 3, 40), left = EVENTS_MAX;

	draw_config(w);
	while (bursts-- > 0 && left > 0) {
		int64_t at = w->mono + world_between(w, 0, length);
		int64_t n = world_scale(w, 1, left < 200 ? left : 200);

		left -= n;
		/* the events arrive all at once, or one by one */
		if (world_chance(w, 50))
			add(&w->plan, at, PLAN_ARRIVALS, 0, n);
		else
			for (int64_t i = 0, t = at; i < n; i++, t += world_scale(w, 1, MINUTE))
				add(&w->plan, t, PLAN_ARRIVALS, 0, 1);
		add_trouble(w, at);
	}
	qsort(w->plan.items, w->plan.n, sizeof(w->plan.items[0]), compare);
	w->last_end = w->plan.items[w->plan.n - 1].at;
	add(&w->plan, w->last_end + 1, PLAN_END, 0, 0);
}
