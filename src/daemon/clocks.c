/*
 * Looks at both clocks once a second and has the outbox store what the next process must know about
 * the wall clock. One note is with the writer at a time; a note that could not be stored is
 * replaced by the next.
 */
#include "daemon/clocks.h"

#include <stdatomic.h>
#include <stdlib.h>

struct clocks {
	struct outbox *outbox;
	const struct clock *clock;
	uint64_t boot;
	struct age age;
	struct age_memory before;
	struct age_memory memory;
	struct outbox_clock note;
	atomic_bool with_writer;
};

/* Writer's thread. */
static void
on_done(struct outbox_msg *msg, void *arg)
{
	struct clocks *c = arg;

	(void)msg;
	atomic_store(&c->with_writer, false);
}

int
clocks_new(struct outbox *outbox, const struct clock *clock, uint64_t boot,
    struct clocks **ret_clocks, struct err *e)
{
	struct clocks *c = calloc(1, sizeof(*c));
	int64_t n[OUTBOX_CLOCK_NUMBERS];

	if (c == NULL)
		return err_nomem(e);
	if (outbox_clock_read(outbox, n, e) != 0) {
		free(c);
		return -1;
	}
	c->outbox = outbox;
	c->clock = clock;
	c->boot = boot;
	c->before = (struct age_memory){ (uint64_t)n[0], n[1], n[2], n[3] };
	c->memory = c->before;
	age_recall(&c->age, &c->before, boot, clock_wall(clock), clock_mono(clock));
	*ret_clocks = c;
	return 0;
}

void
clocks_free(struct clocks *c)
{
	free(c);
}

const struct age_memory *
clocks_before(const struct clocks *c)
{
	return &c->before;
}

const struct age *
clocks_age(const struct clocks *c)
{
	return &c->age;
}

void
clocks_tick(struct clocks *c)
{
	int64_t wall = clock_wall(c->clock), mono = clock_mono(c->clock);
	const struct age_memory *m = &c->memory;

	age_look(&c->age, wall, mono);
	if (atomic_load(&c->with_writer) || !age_remember(&c->age, &c->memory, c->boot, wall, mono))
		return;
	c->note = (struct outbox_clock){
		.msg = { .type = OUTBOX_CLOCK, .done = on_done, .done_arg = c },
		.number = { (int64_t)m->boot, m->offset, m->seen_at, m->jumped_at },
	};
	atomic_store(&c->with_writer, true);
	if (outbox_send(c->outbox, &c->note.msg) != 0)
		atomic_store(&c->with_writer, false);
}
