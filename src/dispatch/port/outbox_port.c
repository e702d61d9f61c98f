/*
 * The dispatcher's port to the outbox: an outbox_reader of its own for due events, and the writer's
 * mailbox for messages. Fails when the reader or the outbox fails.
 */
#include "dispatch/port/outbox_port.h"

#include <stdlib.h>

#include "outbox/outbox.h"

struct real {
	struct outbox_port port; /* must be first */
	struct outbox *outbox;
	struct outbox_reader *reader;
};

static struct real *
real_of(struct outbox_port *p)
{
	return (struct real *)(void *)p;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Whether id is taken. Call it with ascending ids; *at is the position in the ascending
 * q->taken. */
static bool
is_taken(const struct due_query *q, size_t *at, int64_t id)
{
	while (*at < q->n_taken && q->taken[*at] < id)
		++*at;
	return *at < q->n_taken && q->taken[*at] == id;
}

/* Calls each for one event. Returns 1 to go on, 0 when `each` wants no more, -1 on an error. */
static int
show(struct outbox_reader *reader, int64_t id,
    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e)
{
	struct outbox_event event;
	int found = outbox_event_load(reader, id, &event, e);

	return found == 1 ? each(arg, &event) : found < 0 ? -1 : 1;
}

static int
due(struct outbox_port *p, const struct due_query *q,
    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e)
{
	struct outbox_reader *reader = real_of(p)->reader;
	struct outbox_event event;
	size_t at = 0;
	int more = 1;

	if (outbox_due_begin(reader, q->site_id, q->now, q->horizon, q->after, q->fresh_after, e)
	    != 0)
		return -1;
	while (more == 1 && (more = outbox_due_next(reader, &event, e)) == 1)
		if (!is_taken(q, &at, event.event_id))
			more = each(arg, &event);
	outbox_due_end(reader);
	return more;
}

static int
load(struct outbox_port *p, const int64_t *ids, size_t n,
    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e)
{
	struct outbox_reader *reader = real_of(p)->reader;
	int more = 1;

	for (size_t i = 0; i < n && more == 1; i++)
		more = show(reader, ids[i], each, arg, e);
	outbox_event_done(reader);
	return more < 0 ? -1 : 0;
}

static int
soonest(struct outbox_port *p, int64_t site_id, int64_t *ret_at, struct err *e)
{
	return outbox_due_soonest(real_of(p)->reader, site_id, ret_at, e);
}

static int
delayed(struct outbox_port *p, int64_t site_id,
    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg, struct err *e)
{
	return outbox_due_delayed(real_of(p)->reader, site_id, each, arg, e);
}

static int
backlog(struct outbox_port *p, int64_t site_id, int64_t after, int64_t *ret_events,
    int64_t *ret_oldest_at, struct err *e)
{
	return outbox_backlog(real_of(p)->reader, site_id, after, ret_events, ret_oldest_at, e);
}

/* ---- writing -------------------------------------------------------------------------------- */

static int
send_message(struct outbox_port *p, struct outbox_msg *msg)
{
	return outbox_send(real_of(p)->outbox, msg);
}

/* ---- setup and release ---------------------------------------------------------------------- */

static void
close_port(struct outbox_port *p)
{
	outbox_reader_close(real_of(p)->reader);
	free(real_of(p));
}

int
outbox_port_open(
    const char *database, struct outbox *o, struct outbox_port **ret_port, struct err *e)
{
	struct real *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return err_nomem(e);
	if (outbox_reader_open(database, &r->reader, e) != 0) {
		free(r);
		return err_wrap(e, "dispatcher");
	}
	r->outbox = o;
	r->port = (struct outbox_port){
		.due = due,
		.load = load,
		.soonest = soonest,
		.delayed = delayed,
		.backlog = backlog,
		.send = send_message,
		.free = close_port,
	};
	*ret_port = &r->port;
	return 0;
}
