/*
 * The transport on libcurl's multi interface. Each request in flight has a call
 * (dispatch/transport/curl_call.h), which is reused; the multi handle caches connections. Starting
 * a request can fail; a failed request is a result.
 */
#include "dispatch/transport/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dispatch/transport/curl_call.h"

#define CONNECTIONS_MAX 16L
#define POLL_MAX_MS 10000 /* the longest sleep after a call to wake that failed */

struct curl_transport {
	struct transport ops; /* must be first */
	CURLM *multi;
	struct curl_slist *headers;
	char *user_agent;
	struct curl_call *idle;
	struct curl_call *active;
	struct curl_call *done;
	struct curl_call **done_tail;
};

static struct curl_transport *
self_of(struct transport *t)
{
	return (struct curl_transport *)(void *)t;
}

/* ---- operations ----------------------------------------------------------------------------- */

static struct curl_call *
take_idle(struct curl_transport *self)
{
	struct curl_call *call = self->idle;

	if (call == NULL)
		return curl_call_new(self->user_agent, self->headers);
	self->idle = call->next;
	return call;
}

static void
put_idle(struct curl_transport *self, struct curl_call *call)
{
	call->next = self->idle;
	self->idle = call;
}

static int
curl_start(struct transport *t, const struct transport_request *r, struct err *e)
{
	struct curl_transport *self = self_of(t);
	struct curl_call *call = take_idle(self);

	if (call == NULL)
		return err_nomem(e);
	if (curl_call_set_up(call, r, e) != 0) {
		put_idle(self, call);
		return -1;
	}
	if (curl_multi_add_handle(self->multi, call->easy) != CURLM_OK) {
		put_idle(self, call);
		return err_nomem(e);
	}
	call->next = self->active;
	self->active = call;
	return 0;
}

/* Returns the active call that uses the handle. There are at most as many as connections. */
static struct curl_call *
find_active(const struct curl_transport *self, const CURL *easy)
{
	struct curl_call *call = self->active;

	while (call->easy != easy)
		call = call->next;
	return call;
}

static void
end_call(struct curl_transport *self, struct curl_call *call, CURLcode code)
{
	struct curl_call **at = &self->active;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->next = NULL;
	call->code = code;
	*self->done_tail = call;
	self->done_tail = &call->next;
}

static int
move_along(struct curl_transport *self, struct err *e)
{
	CURLMcode rc;
	CURLMsg *msg;
	int running, left;

	rc = curl_multi_perform(self->multi, &running);
	while ((msg = curl_multi_info_read(self->multi, &left)) != NULL) {
		struct curl_call *call = find_active(self, msg->easy_handle);

		/* The multi handle keeps the call until its facts are read: see
		 * curl_call_classify. */
		end_call(self, call, msg->data.result);
	}
	if (rc != CURLM_OK)
		return err_set(e, ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(rc));
	return 0;
}

/* Returns the first active call whose time is over; NULL: none. */
static struct curl_call *
find_late(const struct curl_transport *self, int64_t now)
{
	struct curl_call *call = self->active;

	while (call != NULL && call->deadline_ms > now)
		call = call->next;
	return call;
}

static void
end_late(struct curl_transport *self, int64_t now)
{
	struct curl_call *call;

	while ((call = find_late(self, now)) != NULL) {
		snprintf(call->error, sizeof(call->error),
		    "timed out with %zu bytes of the answer's body", call->received);
		end_call(self, call, CURLE_OPERATION_TIMEDOUT);
	}
}

static int64_t
time_left(const struct curl_transport *self, int64_t timeout_ms)
{
	int64_t now = clock_awake();

	if (timeout_ms < 0 || timeout_ms > POLL_MAX_MS)
		timeout_ms = POLL_MAX_MS;
	for (const struct curl_call *call = self->active; call != NULL; call = call->next)
		if (call->deadline_ms - now < timeout_ms)
			timeout_ms = call->deadline_ms - now;
	return timeout_ms > 0 ? timeout_ms : 0;
}

static int
curl_poll(struct transport *t, int64_t timeout_ms, struct err *e)
{
	struct curl_transport *self = self_of(t);
	CURLMcode rc;
	int64_t now;

	if (move_along(self, e) != 0)
		return -1;
	if (self->done != NULL)
		return 0;
	rc = curl_multi_poll(self->multi, NULL, 0, (int)time_left(self, timeout_ms), NULL);
	if (rc != CURLM_OK)
		return err_set(e, ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(rc));
	/* What has come by then is read first, however late this process is. */
	now = clock_awake();
	if (move_along(self, e) != 0)
		return -1;
	end_late(self, now);
	return 0;
}

static int
curl_finished(struct transport *t, struct transport_result *ret_result)
{
	struct curl_transport *self = self_of(t);
	struct curl_call *call = self->done;

	if (call == NULL)
		return 0;
	self->done = call->next;
	if (self->done == NULL)
		self->done_tail = &self->done;
	curl_call_classify(call, ret_result);
	curl_multi_remove_handle(self->multi, call->easy);
	/* The body belongs to the caller again. */
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, NULL);
	put_idle(self, call);
	return 1;
}

static void
curl_cancel(struct transport *t)
{
	struct curl_transport *self = self_of(t);

	while (self->active != NULL) {
		self->active->canceled = true;
		end_call(self, self->active, CURLE_ABORTED_BY_CALLBACK);
	}
}

static void
curl_wake(struct transport *t)
{
	curl_multi_wakeup(self_of(t)->multi);
}

static void
free_calls(struct curl_transport *self, struct curl_call *call)
{
	while (call != NULL) {
		struct curl_call *next = call->next;

		/* Harmless when the multi handle does not hold this one. */
		curl_multi_remove_handle(self->multi, call->easy);
		curl_call_free(call);
		call = next;
	}
}

static void
curl_free_transport(struct transport *t)
{
	struct curl_transport *self = self_of(t);

	free_calls(self, self->active);
	free_calls(self, self->done);
	free_calls(self, self->idle);
	curl_multi_cleanup(self->multi);
	curl_slist_free_all(self->headers);
	free(self->user_agent);
	free(self);
	curl_global_cleanup();
}

void
transport_result_free(struct transport_result *r)
{
	buf_free(&r->response);
}

/* ---- setup ---------------------------------------------------------------------------------- */

/* An empty Expect header keeps libcurl from waiting for a 100 before it sends a large body. */
static struct curl_slist *
make_headers(void)
{
	struct curl_slist *first = curl_slist_append(NULL, "Content-Type: application/json");
	struct curl_slist *all;

	if (first == NULL)
		return NULL;
	all = curl_slist_append(first, "Expect:");
	if (all == NULL)
		curl_slist_free_all(first);
	return all;
}

int
transport_curl_new(const char *user_agent, struct transport **ret_transport, struct err *e)
{
	struct curl_transport *self;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "libcurl cannot start");
	self = calloc(1, sizeof(*self));
	if (self == NULL) {
		curl_global_cleanup();
		return err_nomem(e);
	}
	self->ops = (struct transport){ curl_start, curl_poll, curl_finished, curl_cancel,
		curl_wake, curl_free_transport };
	self->done_tail = &self->done;
	self->multi = curl_multi_init();
	self->headers = make_headers();
	self->user_agent = strdup(user_agent);
	if (self->multi == NULL || self->headers == NULL || self->user_agent == NULL
	    || curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX) != CURLM_OK) {
		curl_free_transport(&self->ops);
		return err_nomem(e);
	}
	*ret_transport = &self->ops;
	return 0;
}
