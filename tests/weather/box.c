/*
 * The outbox in memory: it implements dispatch/port/outbox_port.h with the meaning of
 * src/outbox/write/attempts.c, settle.c, operate.c and schema/statements/. A message waits until
 * its commit; a transaction is stored as a whole or not at all.
 */
#include "weather/weather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct port {
	struct outbox_port ops; /* must be the first member */
	struct world *w;
	struct buf body;
};

static struct port *
port_of(struct outbox_port *p)
{
	return (struct port *)(void *)p;
}

static void *
grow(void *p, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return p;
	*room = *room == 0 ? 256 : *room * 2;
	p = realloc(p, *room * size);
	if (p == NULL)
		abort();
	return p;
}

void
box_init(struct world *w)
{
	w->box.tail = &w->box.head;
	w->box.commit_at = NEVER;
}

void
box_free(struct box *b)
{
	for (size_t i = 0; i < b->n_attempts; i++)
		free(b->attempts[i].ids);
	free(b->events);
	free(b->attempts);
}

int64_t
box_add(struct world *w, const struct event *event)
{
	struct box *b = &w->box;

	b->events = grow(b->events, b->n_events, &b->room_events, sizeof(*b->events));
	b->events[b->n_events] = *event;
	b->n_pending++;
	return (int64_t)++b->n_events;
}

bool
box_has(const struct world *w, int64_t id)
{
	return id >= 1 && (size_t)id <= w->box.n_events;
}

struct event *
box_event(struct world *w, int64_t id)
{
	if (!box_has(w, id))
		abort();
	return &w->box.events[id - 1];
}

void
box_body(const struct event *event, int64_t id, struct buf *to)
{
	if (event->unfit) {
		buf_append_literal(to, "{\"type\":\"track\",\"properties\":\"none\"}");
		return;
	}
	if (event->subscriber)
		buf_printf(to, "{\"email\":\"a%u@example.com\"", event->address);
	else
		buf_printf(to, "{\"type\":\"track\",\"properties\":{\"items\":%u", event->items);
	buf_printf(to, ",\"n\":%lld", (long long)id);
	if (event->pad > 0)
		buf_printf(to, ",\"pad\":\"%0*d\"", (int)event->pad, 0);
	if (event->subscriber)
		buf_append_literal(to, "}");
	else
		buf_append_literal(to, "}}");
}

/* ---- the writer ----------------------------------------------------------------------------- */

static void
set_status(struct world *w, struct event *event, enum event_status status, const char *reason)
{
	w->box.n_pending += status == STATUS_PENDING;
	w->box.n_pending -= event->status == STATUS_PENDING;
	if (status != STATUS_PENDING && event->status == STATUS_PENDING)
		event->settled_mono = w->mono;
	if (status == STATUS_PENDING)
		w->box.settled = 0;
	event->status = status;
	snprintf(event->reason, sizeof(event->reason), "%s", reason == NULL ? "" : reason);
}

static void
wait_until(struct world *w, struct event *event, int64_t at)
{
	event->next_attempt_at = at;
	event->due_mono = at == 0 ? w->mono : w->mono + at - w->wall;
}

static void
apply_begin(struct world *w, struct outbox_attempt_begin *begin)
{
	struct box *b = &w->box;
	struct attempt_row *row;

	model_began(w, begin);
	b->attempts = grow(b->attempts, b->n_attempts, &b->room_attempts, sizeof(*b->attempts));
	row = &b->attempts[b->n_attempts++];
	*row = (struct attempt_row){ .n = begin->n_events };
	row->ids = calloc(begin->n_events + 1, sizeof(*row->ids));
	if (row->ids == NULL)
		abort();
	memcpy(row->ids, begin->event_ids, begin->n_events * sizeof(*row->ids));
	for (size_t i = 0; i < row->n; i++)
		if (box_has(w, row->ids[i]))
			box_event(w, row->ids[i])->open_attempt = b->n_attempts;
	begin->attempt_id = (int64_t)b->n_attempts;
}

static void
end_member(struct world *w, struct event *event, const struct outbox_attempt_end *end)
{
	event->open_attempt = 0;
	/* As in the SQL statement, an event that is already delivered does not change. */
	if (end->status == STATUS_DELIVERED) {
		event->attempts += event->status != STATUS_DELIVERED;
		event->next_attempt_at = 0;
		set_status(w, event, STATUS_DELIVERED, NULL);
		return;
	}
	if (event->status == STATUS_DELIVERED)
		return;
	event->maybe_sent += end->maybe_sent;
	event->attempts += end->charge;
	if (event->status != STATUS_PENDING)
		return;
	event->next_attempt_at = end->status == STATUS_PENDING ? end->next_attempt_at : 0;
	event->due_mono =
	    event->next_attempt_at == 0 ? w->mono : w->mono + event->next_attempt_at - w->wall;
	event->max_batch = end->max_batch;
	set_status(w, event, end->status, end->reason);
}

static int
apply_end(struct world *w, struct outbox_attempt_end *end)
{
	struct attempt_row *row;

	if (end->attempt_id < 1 || (size_t)end->attempt_id > w->box.n_attempts) {
		model_broken(w, "one-end", "an end of attempt %lld, which was never begun",
		    (long long)end->attempt_id);
		return err_set(&end->msg.err, ERR_STATE, "no such attempt");
	}
	row = &w->box.attempts[end->attempt_id - 1];
	if (row->ended) {
		model_broken(w, "one-end", "attempt %lld ends twice", (long long)end->attempt_id);
		return err_set(&end->msg.err, ERR_STATE, "it has an end");
	}
	model_ends(w, end);
	row->ended = true;
	row->outcome = end->outcome;
	row->http_status = end->http_status;
	for (size_t i = 0; i < row->n; i++)
		end_member(w, &w->box.events[row->ids[i] - 1], end);
	return 0;
}

static void
apply_settle(struct world *w, const struct outbox_settle *s)
{
	model_settles(w, s);
	for (size_t i = 0; i < s->n_events && w->broken == NULL; i++) {
		struct event *event = box_event(w, s->event_ids[i]);

		if (s->in_doubt && event->status == STATUS_HELD
		    && strcmp(event->reason, "maybe_delivered") == 0)
			set_status(w, event, s->status, s->reason);
		if (s->in_doubt || event->status != STATUS_PENDING)
			continue;
		wait_until(w, event, s->status == STATUS_PENDING ? s->next_attempt_at : 0);
		event->attempts += s->charge;
		event->max_batch = s->max_batch != 0 ? s->max_batch : event->max_batch;
		set_status(w, event, s->status, s->reason);
	}
}

static int
apply(struct world *w, struct outbox_msg *msg)
{
	if (msg->type == OUTBOX_ATTEMPT_BEGIN)
		apply_begin(w, (struct outbox_attempt_begin *)(void *)msg);
	else if (msg->type == OUTBOX_ATTEMPT_END)
		return apply_end(w, (struct outbox_attempt_end *)(void *)msg);
	else if (msg->type == OUTBOX_SETTLE)
		apply_settle(w, (struct outbox_settle *)(void *)msg);
	else if (msg->type != OUTBOX_SITE_STATE)
		model_broken(w, "messages", "a message of type %d", (int)msg->type);
	return 0;
}

void
box_commit(struct world *w)
{
	struct box *b = &w->box;
	struct mail *mail = b->head;

	b->head = NULL;
	b->tail = &b->head;
	b->commit_at = NEVER;
	b->done = mail;
	w->seen[SEEN_DISK_FAULTS] += b->disk != ERR_NONE;
	for (; mail != NULL && w->broken == NULL; mail = mail->next) {
		struct outbox_msg *msg = (struct outbox_msg *)(void *)mail;

		if (b->disk != ERR_NONE)
			world_tell(w, "the disk refuses a message of type %d", (int)msg->type);
		msg->rc = b->disk != ERR_NONE ? err_set(&msg->err, b->disk, "the disk is bad")
					      : apply(w, msg);
	}
}

void
box_give_back(struct world *w)
{
	struct mail *mail = w->box.done;

	w->box.done = NULL;
	while (mail != NULL) {
		struct outbox_msg *msg = (struct outbox_msg *)(void *)mail;

		mail = mail->next;
		msg->done(msg, msg->done_arg);
	}
}

static int
send_message(struct outbox_port *p, struct outbox_msg *msg)
{
	struct world *w = port_of(p)->w;

	if (msg->type == OUTBOX_ATTEMPT_END)
		model_site_told(w, &((struct outbox_attempt_end *)(void *)msg)->site);
	else if (msg->type == OUTBOX_SITE_STATE)
		model_site_told(w, &((struct outbox_site_change *)(void *)msg)->site);
	if (w->box.head == NULL)
		w->box.commit_at = w->mono + w->config.commit_ms;
	msg->mail.next = NULL;
	*w->box.tail = &msg->mail;
	w->box.tail = &msg->mail.next;
	return 0;
}

void
box_crash(struct world *w)
{
	struct box *b = &w->box;

	b->head = NULL;
	b->tail = &b->head;
	b->done = NULL;
	b->commit_at = NEVER;
}

/* Does what attempts_recover does in the real outbox. */
void
box_recover(struct world *w)
{
	struct box *b = &w->box;

	for (size_t i = 0; i < b->n_attempts; i++) {
		struct attempt_row *row = &b->attempts[i];

		if (row->ended)
			continue;
		row->ended = row->recovered = true;
		row->outcome = OUTCOME_UNKNOWN;
		for (size_t j = 0; j < row->n; j++) {
			b->events[row->ids[j] - 1].maybe_sent++;
			b->events[row->ids[j] - 1].open_attempt = 0;
		}
	}
}

void
box_operate(struct world *w, int64_t id, int verb)
{
	struct event *event = box_event(w, id);
	bool pending = event->status == STATUS_PENDING;

	if (verb == 2 && !pending && !event->unfit && event->status != STATUS_DELIVERED) {
		set_status(w, event, STATUS_PENDING, NULL);
		event->attempts = 0;
		event->refused_among = 0;
		wait_until(w, event, 0);
		event->max_batch = 0;
	} else if (verb != 2 && pending) {
		set_status(w, event, verb == 0 ? STATUS_HELD : STATUS_DISCARDED, "operator");
	} else {
		return;
	}
	event->touched = true;
	w->seen[SEEN_OPERATED]++;
	world_tell(w, "operator: event %lld becomes %s", (long long)id, status_name(event->status));
}

/* ---- the port ------------------------------------------------------------------------------- */

static bool
is_due(const struct event *event, size_t id, const struct due_query *q)
{
	for (size_t i = 0; i < q->n_taken; i++)
		if ((size_t)q->taken[i] == id)
			return false;
	return event->status == STATUS_PENDING
	       && (event->next_attempt_at != 0 || id > (size_t)q->fresh_after)
	       && (event->next_attempt_at <= q->now || event->next_attempt_at > q->horizon);
}

static bool
show(struct port *port, int64_t id, bool (*each)(void *arg, const struct outbox_event *event),
    void *arg)
{
	const struct event *event = box_event(port->w, id);
	struct outbox_event shown;
	char message_id[24], email[24];

	buf_clear(&port->body);
	box_body(event, id, &port->body);
	snprintf(message_id, sizeof(message_id), "m%lld", (long long)id);
	snprintf(email, sizeof(email), "a%u@example.com", event->address);
	shown = (struct outbox_event){
		.event_id = id,
		.message_id = slice_from(message_id),
		.kind = event->subscriber ? KIND_SUBSCRIBER : KIND_TRACK,
		.name = SLICE("Tested"),
		.email = slice_from(email),
		.occurred_at = event->received_at,
		.received_at = event->received_at,
		.body = buf_slice(&port->body),
		.attempts = event->attempts,
		.maybe_sent = event->maybe_sent,
		.max_batch = event->max_batch,
	};
	return each(arg, &shown);
}

static int
due(struct outbox_port *p, const struct due_query *q,
    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e)
{
	struct port *port = port_of(p);
	struct box *b = &port->w->box;
	bool more = true;

	(void)e;
	while (b->settled < b->n_events && b->events[b->settled].status != STATUS_PENDING)
		b->settled++;
	for (size_t at = (size_t)q->after > b->settled ? (size_t)q->after : b->settled;
	     at < b->n_events && more; at++)
		if (is_due(&b->events[at], at + 1, q))
			more = show(port, (int64_t)at + 1, each, arg);
	return 0;
}

static int
load(struct outbox_port *p, const int64_t *ids, size_t n,
    bool (*each)(void *arg, const struct outbox_event *event), void *arg, struct err *e)
{
	bool more = true;

	(void)e;
	for (size_t i = 0; i < n && more; i++)
		if (box_has(port_of(p)->w, ids[i]))
			more = show(port_of(p), ids[i], each, arg);
	return 0;
}

static int
soonest(struct outbox_port *p, int64_t site_id, int64_t *ret_at, struct err *e)
{
	struct box *b = &port_of(p)->w->box;
	int64_t first = 0;

	(void)site_id;
	(void)e;
	for (size_t i = b->settled; i < b->n_events; i++) {
		int64_t at = b->events[i].next_attempt_at;

		if (b->events[i].status == STATUS_PENDING && at > 0 && (first == 0 || at < first))
			first = at;
	}
	*ret_at = first;
	return 0;
}

static int
delayed(struct outbox_port *p, int64_t site_id,
    void (*each)(void *arg, int64_t event_id, struct slice address), void *arg, struct err *e)
{
	struct box *b = &port_of(p)->w->box;

	(void)site_id;
	(void)e;
	for (size_t i = b->settled; i < b->n_events; i++) {
		const struct event *event = &b->events[i];
		char email[24];

		if (event->status != STATUS_PENDING || event->next_attempt_at == 0)
			continue;
		snprintf(email, sizeof(email), "a%u@example.com", event->address);
		each(arg, (int64_t)i + 1, slice_from(email));
	}
	return 0;
}

static void
close_port(struct outbox_port *p)
{
	buf_free(&port_of(p)->body);
	free(port_of(p));
}

struct outbox_port *
box_port(struct world *w)
{
	struct port *port = calloc(1, sizeof(*port));

	if (port == NULL)
		abort();
	*port = (struct port){
		.ops = {
			.due = due,
			.load = load,
			.soonest = soonest,
			.delayed = delayed,
			.send = send_message,
			.free = close_port,
		},
		.w = w,
	};
	buf_init(&port->body, PAYLOAD_MAX);
	return &port->ops;
}
