#include "unit/dispatch/fake_outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Frees nothing: the dispatcher frees its port, but the test still uses the outbox. */
static void
keep(struct outbox_port *p)
{
	(void)p;
}

struct fake_outbox *
fake_outbox_new(void)
{
	struct fake_outbox *f = calloc(1, sizeof(*f));

	if (f == NULL || pthread_mutex_init(&f->mutex, NULL) != 0)
		abort();
	f->tail = &f->head;
	f->port.send = fake_outbox_send;
	f->port.free = keep;
	fake_reader_init(&f->port);
	return f;
}

void
fake_outbox_free(struct fake_outbox *f)
{
	for (size_t i = 0; i < f->n_events; i++)
		free(f->events[i].body);
	for (size_t i = 0; i < f->n_attempts; i++)
		free(f->attempts[i].ids);
	free(f->events);
	free(f->attempts);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}

static void *
grow(void *p, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return p;
	*room = *room == 0 ? 64 : *room * 2;
	p = realloc(p, *room * size);
	if (p == NULL)
		abort();
	return p;
}

int64_t
fake_outbox_add(struct fake_outbox *f, int64_t site_id, const char *body)
{
	int64_t id;

	pthread_mutex_lock(&f->mutex);
	f->events = grow(f->events, f->n_events, &f->room_events, sizeof(*f->events));
	f->events[f->n_events] = (struct fake_event){
		.site_id = site_id,
		.status = STATUS_PENDING,
		.body = body == NULL ? NULL : strdup(body),
	};
	id = (int64_t)++f->n_events;
	pthread_mutex_unlock(&f->mutex);
	return id;
}

struct fake_event *
fake_outbox_event(struct fake_outbox *f, int64_t id)
{
	return &f->events[id - 1];
}

struct fake_attempt *
fake_outbox_attempt(struct fake_outbox *f, int64_t id)
{
	return &f->attempts[id - 1];
}

void
fake_outbox_operate(struct fake_outbox *f, int64_t id, enum event_status status)
{
	struct fake_event *event = fake_outbox_event(f, id);

	pthread_mutex_lock(&f->mutex);
	f->operated = true;
	event->status = status;
	event->next_attempt_at = 0;
	if (f->settled >= (size_t)id)
		f->settled = (size_t)id - 1;
	pthread_mutex_unlock(&f->mutex);
}

size_t
fake_outbox_count(struct fake_outbox *f, enum event_status status)
{
	size_t n = 0;

	pthread_mutex_lock(&f->mutex);
	for (size_t i = 0; i < f->n_events; i++)
		n += f->events[i].status == status;
	pthread_mutex_unlock(&f->mutex);
	return n;
}

/* ---- the writer ----------------------------------------------------------------------------- */

static void
check(struct fake_outbox *f, bool right, const char *what)
{
	if (!right && f->broken[0] == '\0')
		snprintf(f->broken, sizeof(f->broken), "%s", what);
}

static void
check_ids(struct fake_outbox *f, const int64_t *ids, size_t n)
{
	check(f, n > 0, "no members");
	for (size_t i = 0; i < n; i++) {
		check(f, ids[i] >= 1 && (size_t)ids[i] <= f->n_events, "an id that is none");
		check(f, i == 0 || ids[i] > ids[i - 1], "ids out of order");
	}
}

static bool
same_address(const struct fake_event *a, const struct fake_event *b)
{
	return a->site_id == b->site_id && a->email != NULL && b->email != NULL
	       && strcasecmp(a->email, b->email) == 0;
}

/* Checks that no event of the same address is in flight elsewhere or waits before it. */
static void
check_order(struct fake_outbox *f, const struct outbox_attempt_begin *b, int64_t id)
{
	const struct fake_event *event = fake_outbox_event(f, id);

	for (int64_t other = 1; event->email != NULL && other <= (int64_t)f->n_events; other++) {
		const struct fake_event *o = fake_outbox_event(f, other);

		if (!same_address(event, o) || o->status != STATUS_PENDING)
			continue;
		check(f, o->open_attempt == 0 || o->open_attempt == b->attempt_id,
		    "an address in two attempts at once");
		check(f, other >= id || o->open_attempt == b->attempt_id,
		    "an event overtook an older one of its address");
	}
}

static bool
waits_no_longer(struct fake_outbox *f, const struct outbox_attempt_begin *b)
{
	for (size_t i = 0; i < b->n_events; i++)
		if (fake_outbox_event(f, b->event_ids[i])->status != STATUS_PENDING)
			return true;
	return false;
}

static int
apply_begin(struct fake_outbox *f, struct outbox_attempt_begin *b)
{
	struct fake_attempt *a;

	check_ids(f, b->event_ids, b->n_events);
	if (f->operated && waits_no_longer(f, b))
		return err_set(&b->msg.err, ERR_STATE, "an event waits no longer");
	f->attempts = grow(f->attempts, f->n_attempts, &f->room_attempts, sizeof(*f->attempts));
	a = &f->attempts[f->n_attempts];
	*a = (struct fake_attempt){
		.site_id = b->site_id,
		.n_events = b->n_events,
		.n_bytes = b->n_bytes,
		.endpoint = b->endpoint,
		.first_id = b->event_ids[0],
		.last_id = b->event_ids[b->n_events - 1],
		.ids = calloc(b->n_events, sizeof(*a->ids)),
	};
	b->attempt_id = (int64_t)++f->n_attempts;
	for (size_t i = 0; i < b->n_events; i++) {
		struct fake_event *event = fake_outbox_event(f, b->event_ids[i]);

		a->ids[i] = b->event_ids[i];
		check(f, event->open_attempt == 0, "an event in two attempts at once");
		check(f, event->status == STATUS_PENDING, "an event sent that is not pending");
		event->open_attempt = b->attempt_id;
		check(f, event->max_batch == 0 || b->n_events <= event->max_batch,
		    "a batch larger than a member may travel in");
	}
	for (size_t i = 0; i < b->n_events; i++)
		check_order(f, b, b->event_ids[i]);
	return 0;
}

static void
end_event(struct fake_event *event, const struct outbox_attempt_end *end)
{
	event->open_attempt = 0;
	event->attempts += end->charge;
	event->maybe_sent += end->maybe_sent;
	if (end->status != STATUS_DELIVERED && event->status != STATUS_PENDING)
		return;
	event->status = end->status;
	event->reason = end->reason;
	event->next_attempt_at = end->next_attempt_at;
	event->max_batch = end->max_batch;
}

static void
copy_slice(char *to, size_t size, struct slice s)
{
	snprintf(to, size, "%.*s", (int)s.n, s.p == NULL ? "" : s.p);
}

static int
apply_end(struct fake_outbox *f, struct outbox_attempt_end *end)
{
	struct fake_attempt *a = fake_outbox_attempt(f, end->attempt_id);

	if (a->ended)
		return err_set(&end->msg.err, ERR_STATE, "the attempt has an end");
	check(f, a->n_events == end->n_events, "other members than at the beginning");
	for (size_t i = 0; i < end->n_events && i < a->n_events; i++) {
		check(f, a->ids[i] == end->event_ids[i], "another member than at the beginning");
		end_event(fake_outbox_event(f, a->ids[i]), end);
	}
	a->ended = true;
	a->outcome = end->outcome;
	a->status = end->status;
	a->http_status = end->http_status;
	a->site = f->site = end->site;
	copy_slice(a->error, sizeof(a->error), end->error);
	copy_slice(a->response, sizeof(a->response), end->response);
	return 0;
}

static void
settle_doubt(struct fake_event *event, const struct outbox_settle *s)
{
	if (event->status != STATUS_HELD || strcmp(event->reason, "maybe_delivered") != 0)
		return;
	event->status = s->status;
	event->reason = s->reason;
}

static void
apply_settle(struct fake_outbox *f, const struct outbox_settle *s)
{
	check_ids(f, s->event_ids, s->n_events);
	for (size_t i = 0; i < s->n_events; i++) {
		struct fake_event *event = fake_outbox_event(f, s->event_ids[i]);

		if (s->in_doubt) {
			settle_doubt(event, s);
			continue;
		}
		if (event->status != STATUS_PENDING)
			continue;
		check(f, event->open_attempt == 0, "an event settled that is on its way");
		event->status = s->status;
		event->reason = s->reason;
		event->detail = s->detail;
		event->next_attempt_at = s->next_attempt_at;
		event->attempts += s->charge;
		if (s->max_batch != 0)
			event->max_batch = s->max_batch;
	}
}

/* Whether the transaction with these messages must fail. */
static bool
is_doomed(struct fake_outbox *f, const struct mail *mail)
{
	for (; mail != NULL; mail = mail->next)
		if (f->fail_times > 0
		    && ((const struct outbox_msg *)(const void *)mail)->type == f->fail_type) {
			f->fail_times--;
			return true;
		}
	return false;
}

static int
apply(struct fake_outbox *f, struct outbox_msg *msg)
{
	if (msg->type == OUTBOX_ATTEMPT_BEGIN)
		return apply_begin(f, (struct outbox_attempt_begin *)(void *)msg);
	if (msg->type == OUTBOX_ATTEMPT_END)
		return apply_end(f, (struct outbox_attempt_end *)(void *)msg);
	if (msg->type == OUTBOX_SETTLE)
		apply_settle(f, (struct outbox_settle *)(void *)msg);
	else if (msg->type == OUTBOX_SITE_STATE) {
		f->site = ((struct outbox_site_change *)(void *)msg)->site;
		f->site_changes++;
	} else
		check(f, false, "a message of a strange type");
	return 0;
}

size_t
fake_outbox_commit(struct fake_outbox *f)
{
	struct mail *mail;
	bool doomed;
	size_t n;

	pthread_mutex_lock(&f->mutex);
	mail = f->head;
	doomed = is_doomed(f, mail);
	n = f->waiting;
	f->head = NULL;
	f->tail = &f->head;
	f->waiting = 0;
	f->commits += n > 0;
	for (struct mail *m = mail; m != NULL; m = m->next) {
		struct outbox_msg *msg = (struct outbox_msg *)(void *)m;

		msg->rc = doomed ? err_set(&msg->err, f->fail_code, "made to fail") : apply(f, msg);
	}
	pthread_mutex_unlock(&f->mutex);
	while (mail != NULL) {
		struct outbox_msg *msg = (struct outbox_msg *)(void *)mail;

		mail = mail->next;
		msg->done(msg, msg->done_arg);
	}
	return n;
}

int
fake_outbox_send(struct outbox_port *p, struct outbox_msg *msg)
{
	struct fake_outbox *f = (struct fake_outbox *)(void *)p;
	bool stopped;

	pthread_mutex_lock(&f->mutex);
	stopped = f->stopped;
	if (!stopped) {
		msg->mail.next = NULL;
		*f->tail = &msg->mail;
		f->tail = &msg->mail.next;
		f->waiting++;
	}
	pthread_mutex_unlock(&f->mutex);
	if (stopped)
		return -1;
	if (f->at_once)
		fake_outbox_commit(f);
	return 0;
}

void
fake_outbox_fail(
    struct fake_outbox *f, enum outbox_msg_type type, enum err_code code, unsigned times)
{
	f->fail_type = type;
	f->fail_code = code;
	f->fail_times = times;
}

void
fake_outbox_crash(struct fake_outbox *f)
{
	f->head = NULL;
	f->tail = &f->head;
	f->waiting = 0;
	for (size_t i = 0; i < f->n_events; i++) {
		f->events[i].maybe_sent += f->events[i].open_attempt != 0;
		f->events[i].open_attempt = 0;
	}
	for (size_t i = 0; i < f->n_attempts; i++)
		if (!f->attempts[i].ended) {
			f->attempts[i].ended = true;
			f->attempts[i].outcome = OUTCOME_UNKNOWN;
		}
}

const char *
fake_outbox_delayed(struct fake_outbox *f, char *ret_text, size_t size)
{
	size_t n = 0;

	for (struct mail *m = f->head; m != NULL && n + 1 < size; m = m->next) {
		enum outbox_msg_type type = ((struct outbox_msg *)(void *)m)->type;

		ret_text[n++] = type == OUTBOX_ATTEMPT_BEGIN ? 'b'
				: type == OUTBOX_ATTEMPT_END ? 'e'
				: type == OUTBOX_SITE_STATE  ? 's'
							     : 'i';
	}
	ret_text[n] = '\0';
	return ret_text;
}
