/* A fake outbox for tests of ingest: records what is put, and answers when the test says so. */
#include "unit/ingest/ingest_outbox.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct outbox {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct outbox_msg *head;
	struct outbox_msg **tail;
	unsigned waiting;
	unsigned given_back;
	unsigned released;
	bool hold;
	bool asleep; /* what is there has not woken it */
	bool refuse;
	unsigned turned_away; /* reports of request counts that were not stored */
	bool stop;
	enum err_code failure;
	enum outbox_health health;
	const char *health_text;
	struct fake_put last;
	struct outbox_requests requests; /* the sum of all counts; owned by the test's thread */
};

uint64_t
ingest_outbox_sum(const char *p, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + (unsigned char)p[i];
	return sum;
}

/* Copies the message. Needs no lock: this thread owns the message. */
static struct fake_put
look_at(const struct outbox_put *put)
{
	struct fake_put seen = { .site_id = put->site_id,
		.received_at = put->received_at,
		.n_events = put->n_events,
		.kind = put->events[0].kind };
	struct slice body = put->events[0].body;

	seen.n_body = body.n < sizeof(seen.body) ? body.n : sizeof(seen.body);
	memcpy(seen.body, body.p, seen.n_body);
	for (size_t i = 0; i < put->n_events; i++)
		seen.sum += ingest_outbox_sum(put->events[i].body.p, put->events[i].body.n);
	return seen;
}

static struct outbox_msg *
take(struct outbox *o)
{
	struct outbox_msg *msg;

	while (!o->stop && (o->head == NULL || o->asleep || (o->hold && o->released == 0)))
		pthread_cond_wait(&o->cond, &o->mutex);
	msg = o->head;
	if (msg == NULL)
		return NULL;
	o->head = (struct outbox_msg *)msg->mail.next;
	if (o->head == NULL)
		o->tail = &o->head;
	if (o->released > 0)
		o->released--;
	return msg;
}

static void
give_back(struct outbox *o, struct outbox_msg *msg, enum err_code failure)
{
	struct fake_put seen = look_at((struct outbox_put *)msg);

	msg->rc = failure == ERR_NONE ? 0 : -1;
	msg->err.code = failure;
	snprintf(msg->err.text, sizeof(msg->err.text), "the fake outbox fails");
	pthread_mutex_lock(&o->mutex);
	o->last = seen;
	o->waiting--;
	o->given_back++;
	pthread_mutex_unlock(&o->mutex);
	msg->done(msg, msg->done_arg);
}

static void *
run(void *arg)
{
	struct outbox *o = arg;
	struct outbox_msg *msg;
	enum err_code failure;

	for (;;) {
		pthread_mutex_lock(&o->mutex);
		msg = take(o);
		failure = o->failure;
		pthread_mutex_unlock(&o->mutex);
		if (msg == NULL)
			return NULL;
		give_back(o, msg, failure);
	}
}

struct outbox *
ingest_outbox_new(void)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	o->tail = &o->head;
	o->health_text = "";
	pthread_mutex_init(&o->mutex, NULL);
	pthread_cond_init(&o->cond, NULL);
	if (pthread_create(&o->thread, NULL, run, o) != 0)
		abort();
	return o;
}

void
ingest_outbox_free(struct outbox *o)
{
	pthread_mutex_lock(&o->mutex);
	o->stop = true;
	pthread_cond_signal(&o->cond);
	pthread_mutex_unlock(&o->mutex);
	pthread_join(o->thread, NULL);
	pthread_cond_destroy(&o->cond);
	pthread_mutex_destroy(&o->mutex);
	free(o);
}

void
ingest_outbox_hold(struct outbox *o, bool on)
{
	pthread_mutex_lock(&o->mutex);
	o->hold = on;
	o->released = 0;
	pthread_cond_signal(&o->cond);
	pthread_mutex_unlock(&o->mutex);
}

void
ingest_outbox_release(struct outbox *o, unsigned n)
{
	pthread_mutex_lock(&o->mutex);
	o->released += n;
	pthread_cond_signal(&o->cond);
	pthread_mutex_unlock(&o->mutex);
}

void
ingest_outbox_fail(struct outbox *o, enum err_code code)
{
	pthread_mutex_lock(&o->mutex);
	o->failure = code;
	pthread_mutex_unlock(&o->mutex);
}

void
ingest_outbox_refuse(struct outbox *o, bool on)
{
	pthread_mutex_lock(&o->mutex);
	o->refuse = on;
	pthread_mutex_unlock(&o->mutex);
}

void
ingest_outbox_set_health(struct outbox *o, enum outbox_health health, const char *text)
{
	pthread_mutex_lock(&o->mutex);
	o->health = health;
	o->health_text = text;
	pthread_mutex_unlock(&o->mutex);
}

unsigned
ingest_outbox_pending(struct outbox *o)
{
	unsigned n;

	pthread_mutex_lock(&o->mutex);
	n = o->waiting;
	pthread_mutex_unlock(&o->mutex);
	return n;
}

unsigned
ingest_outbox_given_back(struct outbox *o)
{
	unsigned n;

	pthread_mutex_lock(&o->mutex);
	n = o->given_back;
	pthread_mutex_unlock(&o->mutex);
	return n;
}

void
ingest_outbox_last(struct outbox *o, struct fake_put *ret_put)
{
	pthread_mutex_lock(&o->mutex);
	*ret_put = o->last;
	pthread_mutex_unlock(&o->mutex);
}

/* Counts of requests are stored at once, or fail with the commits. */
static int
take_requests(struct outbox *o, struct outbox_requests *r)
{
	o->turned_away += o->refuse || o->failure != ERR_NONE;
	if (o->refuse)
		return -1;
	r->msg.rc = o->failure == ERR_NONE ? 0 : -1;
	for (size_t i = 0; r->msg.rc == 0 && i < r->n; i++) {
		size_t k = 0;

		while (k < o->requests.n
		       && strcmp(o->requests.counts[k].outcome, r->counts[i].outcome) != 0)
			k++;
		o->requests.counts[k].outcome = r->counts[i].outcome;
		o->requests.counts[k].requests += r->counts[i].requests;
		o->requests.n += k == o->requests.n;
	}
	r->msg.done(&r->msg, r->msg.done_arg);
	return 0;
}

unsigned
ingest_outbox_turned_away(const struct outbox *o)
{
	return o->turned_away;
}

int64_t
ingest_outbox_requests(const struct outbox *o, const char *outcome)
{
	for (size_t i = 0; i < o->requests.n; i++)
		if (strcmp(o->requests.counts[i].outcome, outcome) == 0)
			return o->requests.counts[i].requests;
	return 0;
}

/* ---- what ingest calls ----------------------------------------------------------------------- */

void
outbox_wake(struct outbox *o)
{
	pthread_mutex_lock(&o->mutex);
	o->asleep = false;
	pthread_cond_signal(&o->cond);
	pthread_mutex_unlock(&o->mutex);
}

int
outbox_send(struct outbox *o, struct outbox_msg *msg)
{
	int rc = -1;

	msg->followed = false;
	pthread_mutex_lock(&o->mutex);
	if (msg->type == OUTBOX_REQUESTS) {
		pthread_mutex_unlock(&o->mutex);
		return take_requests(o, (struct outbox_requests *)msg);
	}
	if (!o->refuse) {
		o->asleep = msg->mail.more && (o->asleep || o->head == NULL);
		msg->mail.next = NULL;
		*o->tail = msg;
		o->tail = (struct outbox_msg **)(void *)&msg->mail.next;
		o->waiting++;
		pthread_cond_signal(&o->cond);
		rc = 0;
	}
	pthread_mutex_unlock(&o->mutex);
	return rc;
}

enum outbox_health
outbox_health(const struct outbox *o)
{
	/* set by the test's thread, which also runs ingest */
	return o->health;
}

void
outbox_health_text(struct outbox *o, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%s", o->health_text);
}
