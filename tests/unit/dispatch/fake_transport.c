#include "unit/dispatch/fake_transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct fake_transport *
self_of(struct transport *t)
{
	return (struct fake_transport *)(void *)t;
}

static int
fake_start(struct transport *t, const struct transport_request *request, struct err *e)
{
	struct fake_transport *self = self_of(t);
	struct fake_request *r;

	if (self->refuse)
		return err_set(e, ERR_INPUT, "made to refuse");
	r = calloc(1, sizeof(*r));
	if (r == NULL || self->n_requests == FAKE_REQUESTS_MAX)
		abort();
	r->request = *request;
	r->body = strndup(request->body.p, request->body.n);
	r->open = true;
	pthread_mutex_lock(&self->mutex);
	self->requests[self->n_requests++] = r;
	pthread_mutex_unlock(&self->mutex);
	return 0;
}

static int
fake_poll(struct transport *t, int64_t timeout_ms, struct err *e)
{
	struct fake_transport *self = self_of(t);
	struct timespec until;

	(void)e;
	if (timeout_ms < 0 || timeout_ms > 10000)
		timeout_ms = 10000;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&self->mutex);
	while (!self->woken && self->n_ended == 0)
		if (pthread_cond_timedwait(&self->cond, &self->mutex, &until) != 0)
			break;
	self->woken = false;
	pthread_mutex_unlock(&self->mutex);
	return 0;
}

static int
fake_finished(struct transport *t, struct transport_result *ret_result)
{
	struct fake_transport *self = self_of(t);
	int found = 0;

	pthread_mutex_lock(&self->mutex);
	if (self->n_ended > 0) {
		*ret_result = self->ended[0]->result;
		self->n_ended--;
		memmove(self->ended, self->ended + 1, self->n_ended * sizeof(self->ended[0]));
		found = 1;
	}
	pthread_mutex_unlock(&self->mutex);
	return found;
}

static void
end_request(struct fake_transport *self, struct fake_request *r)
{
	pthread_mutex_lock(&self->mutex);
	if (!r->open)
		abort();
	r->open = false;
	r->result.owner = r->request.owner;
	self->ended[self->n_ended++] = r;
	pthread_cond_signal(&self->cond);
	pthread_mutex_unlock(&self->mutex);
}

static void
fake_cancel(struct transport *t)
{
	struct fake_transport *self = self_of(t);

	for (size_t i = 0; i < self->n_requests; i++)
		if (self->requests[i]->open)
			fake_transport_break(self, i, PHASE_SENDING, "canceled");
}

static void
fake_wake(struct transport *t)
{
	struct fake_transport *self = self_of(t);

	pthread_mutex_lock(&self->mutex);
	self->woken = true;
	self->wakes++;
	pthread_cond_signal(&self->cond);
	pthread_mutex_unlock(&self->mutex);
}

static void
fake_free(struct transport *t)
{
	struct fake_transport *self = self_of(t);

	for (size_t i = 0; i < self->n_ended; i++)
		transport_result_free(&self->ended[i]->result);
	for (size_t i = 0; i < self->n_requests; i++) {
		free(self->requests[i]->body);
		free(self->requests[i]);
	}
	if (self->freed != NULL)
		*self->freed = true;
	pthread_mutex_destroy(&self->mutex);
	pthread_cond_destroy(&self->cond);
	free(self);
}

struct fake_transport *
fake_transport_new(void)
{
	struct fake_transport *self = calloc(1, sizeof(*self));

	if (self == NULL || pthread_mutex_init(&self->mutex, NULL) != 0
	    || pthread_cond_init(&self->cond, NULL) != 0)
		abort();
	self->ops = (struct transport){ fake_start, fake_poll, fake_finished, fake_cancel,
		fake_wake, fake_free };
	return self;
}

size_t
fake_transport_open(struct fake_transport *t)
{
	size_t n = 0;

	pthread_mutex_lock(&t->mutex);
	for (size_t i = 0; i < t->n_requests; i++)
		n += t->requests[i]->open;
	pthread_mutex_unlock(&t->mutex);
	return n;
}

size_t
fake_transport_count(struct fake_transport *t)
{
	size_t n;

	pthread_mutex_lock(&t->mutex);
	n = t->n_requests;
	pthread_mutex_unlock(&t->mutex);
	return n;
}

void
fake_transport_answer(
    struct fake_transport *t, size_t i, int status, const char *body, int64_t retry_after_ms)
{
	struct fake_request *r = t->requests[i];

	r->result = (struct transport_result){
		.phase = PHASE_ANSWERED,
		.http_status = status,
		.retry_after_ms = retry_after_ms,
		.date = t->date,
	};
	buf_init(&r->result.response, TRANSPORT_RESPONSE_MAX);
	buf_append(&r->result.response, body, strlen(body));
	end_request(t, r);
}

void
fake_transport_break(
    struct fake_transport *t, size_t i, enum request_phase phase, const char *error)
{
	struct fake_request *r = t->requests[i];

	r->result = (struct transport_result){ .phase = phase, .retry_after_ms = -1 };
	snprintf(r->result.error, sizeof(r->result.error), "%s", error);
	end_request(t, r);
}
