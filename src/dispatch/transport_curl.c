/*
 * The transport on libcurl's multi interface: one easy handle for each request under way, kept and
 * used again, with the connections in the multi handle's cache.
 *
 * What is known of a request that failed, as libcurl 7.88 tells it:
 * - The callback of CURLOPT_PREREQFUNCTION comes when a connection is ready (DNS, connect, proxy,
 *   TLS are done, or it is a kept one) and before the first byte of the request. Without it nothing
 *   was sent.
 * - CURLINFO_REQUEST_SIZE counts the bytes of the request's head that the kernel took (a small body
 *   counts with it; a CONNECT to a proxy too, so what was there before the callback is taken off).
 *   Still zero after the callback: nothing of the request left.
 * - When a kept connection turns out to be dead before any byte of an answer, libcurl sends the
 * same request again on a new one, even a POST, and tells nobody. Bento could then have both. The
 * second call of the callback gives it away: it is allowed when nothing had left (the write
 * failed), and ended otherwise, which makes it PHASE_SENDING, an unknown outcome, which is the
 * truth. To make that rare, connections that rested for long are not used again.
 * - CURLE_OK is a complete answer, as far as HTTP can tell, but for one case: when the connection
 *   is closed inside the head, libcurl takes what there is for an answer without a body. So the end
 *   of the head is noted too.
 */
#include "dispatch/transport.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loopback.h"
#include "dispatch/retry_after.h"

/* Servers and NAT boxes forget idle connections; most keep them longer than this. */
#define REST_MAX_SECONDS 30L
#define CONNECTIONS_MAX 16L
#define POLL_MAX_MS 3600000
#define ERROR_SIZE 256

_Static_assert(CURL_ERROR_SIZE >= ERROR_SIZE, "the shorter text is cut");

struct call {
	struct call *next;
	CURL *easy;
	void *owner;
	bool ready;       /* a connection was there */
	bool again;       /* libcurl wanted to send it a second time */
	bool headed;      /* the head of the answer is complete */
	long size_before; /* CURLINFO_REQUEST_SIZE when the connection was ready */
	CURLcode code;
	bool cancelled;
	struct buf response;
	char error[CURL_ERROR_SIZE];
};

struct curl_transport {
	struct transport ops; /* first */
	CURLM *multi;
	struct curl_slist *headers;
	char *user_agent;
	struct call *idle;
	struct call *active;
	struct call *done;
	struct call **done_tail;
};

static struct curl_transport *
self_of(struct transport *t)
{
	return (struct curl_transport *)(void *)t;
}

/* ---- callbacks ------------------------------------------------------------------------------ */

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct call *call = arg;
	size_t room = TRANSPORT_RESPONSE_MAX - call->response.n;

	(void)size; /* always 1 */
	buf_append(&call->response, p, n < room ? n : room);
	return n;
}

/* One line of a head at a time; a new head (after a 100, say) begins with its status line. */
static size_t
on_head(char *p, size_t size, size_t n, void *arg)
{
	struct call *call = arg;

	(void)size; /* always 1 */
	if (n > 5 && memcmp(p, "HTTP/", 5) == 0)
		call->headed = false;
	else if (n > 0 && (p[0] == '\r' || p[0] == '\n'))
		call->headed = true;
	return n;
}

static long
request_size(const struct call *call)
{
	long size = 0;

	curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &size);
	return size;
}

static int
on_connection(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct call *call = arg;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	if (call->ready && request_size(call) > call->size_before) {
		call->again = true;
		return CURL_PREREQFUNC_ABORT;
	}
	call->ready = true;
	call->size_before = request_size(call);
	return CURL_PREREQFUNC_OK;
}

/* ---- handles -------------------------------------------------------------------------------- */

/* What is the same for every request. */
static CURLcode
set_up_handle(struct curl_transport *self, struct call *call)
{
	CURL *c = call->easy;
	CURLcode rc = CURLE_OK;

#define SET(option_, value_) rc = rc != CURLE_OK ? rc : curl_easy_setopt(c, option_, value_)
	SET(CURLOPT_PRIVATE, call);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L); /* the end does not wait for a name server */
	SET(CURLOPT_ERRORBUFFER, call->error);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, call);
	SET(CURLOPT_HEADERFUNCTION, on_head);
	SET(CURLOPT_HEADERDATA, call);
	SET(CURLOPT_PREREQFUNCTION, on_connection);
	SET(CURLOPT_PREREQDATA, call);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	/* One request at a time on a connection; its end is simpler to judge than a stream's. */
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_MAXAGE_CONN, REST_MAX_SECONDS);
	SET(CURLOPT_USERAGENT, self->user_agent);
	SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	SET(CURLOPT_HTTPHEADER, self->headers);
	SET(CURLOPT_POST, 1L);
#undef SET
	return rc;
}

static struct call *
make_call(struct curl_transport *self)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return NULL;
	buf_init(&call->response, TRANSPORT_RESPONSE_MAX);
	call->easy = curl_easy_init();
	if (call->easy == NULL || set_up_handle(self, call) != CURLE_OK) {
		curl_easy_cleanup(call->easy);
		free(call);
		return NULL;
	}
	return call;
}

static void
free_calls(struct call *call)
{
	while (call != NULL) {
		struct call *next = call->next;

		curl_easy_cleanup(call->easy);
		buf_free(&call->response);
		free(call);
		call = next;
	}
}

/* Whether the URL's host is this machine; -1 when it is no URL. */
static int
url_is_loopback(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL;
	int loopback = -1;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		loopback = loopback_host(host);
	curl_free(host);
	curl_url_cleanup(u);
	return loopback;
}

/* What belongs to one request. */
static CURLcode
set_up_request(struct call *call, const struct transport_request *r, bool loopback)
{
	/* Half the time may go by until there is a connection. */
	long timeout = r->timeout_ms > LONG_MAX ? LONG_MAX : (long)r->timeout_ms;
	CURL *c = call->easy;
	CURLcode rc = CURLE_OK;

#define SET(option_, value_) rc = rc != CURLE_OK ? rc : curl_easy_setopt(c, option_, value_)
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_USERNAME, r->user);
	SET(CURLOPT_PASSWORD, r->password);
	/* An empty proxy turns the variables off; NULL honours them. */
	SET(CURLOPT_PROXY, loopback ? "" : NULL);
	SET(CURLOPT_TIMEOUT_MS, timeout);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (timeout + 1) / 2);
	SET(CURLOPT_POSTFIELDS, r->body.p); /* borrowed, not copied */
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
	if (r->ca_file != NULL)
		SET(CURLOPT_CAINFO, r->ca_file);
#undef SET
	return rc;
}

/* ---- operations ----------------------------------------------------------------------------- */

static struct call *
take_idle(struct curl_transport *self)
{
	struct call *call = self->idle;

	if (call == NULL)
		return make_call(self);
	self->idle = call->next;
	return call;
}

static void
put_idle(struct curl_transport *self, struct call *call)
{
	call->next = self->idle;
	self->idle = call;
}

static int
curl_start(struct transport *t, const struct transport_request *r, struct err *e)
{
	struct curl_transport *self = self_of(t);
	int loopback = url_is_loopback(r->url);
	struct call *call;

	if (loopback < 0)
		return err_set(e, ERR_INPUT, "api_url is no URL");
	call = take_idle(self);
	if (call == NULL)
		return err_nomem(e);
	call->owner = r->owner;
	call->ready = call->again = call->headed = call->cancelled = false;
	call->size_before = 0;
	call->code = CURLE_OK;
	call->error[0] = '\0';
	buf_clear(&call->response);
	if (set_up_request(call, r, loopback == 1) != CURLE_OK
	    || curl_multi_add_handle(self->multi, call->easy) != CURLM_OK) {
		put_idle(self, call);
		return err_nomem(e);
	}
	call->next = self->active;
	self->active = call;
	return 0;
}

static void
end_call(struct curl_transport *self, struct call *call, CURLcode code)
{
	struct call **at = &self->active;

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
		CURLcode code = msg->data.result;
		struct call *call = NULL;

		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &call);
		/* Not removed before its facts are read: see facts_of. */
		end_call(self, call, code);
	}
	if (rc != CURLM_OK)
		return err_set(e, ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(rc));
	return 0;
}

static int
curl_poll(struct transport *t, int64_t timeout_ms, struct err *e)
{
	struct curl_transport *self = self_of(t);
	CURLMcode rc;

	if (timeout_ms < 0 || timeout_ms > POLL_MAX_MS)
		timeout_ms = POLL_MAX_MS;
	if (move_along(self, e) != 0)
		return -1;
	if (self->done != NULL)
		return 0;
	rc = curl_multi_poll(self->multi, NULL, 0, (int)timeout_ms, NULL);
	if (rc != CURLM_OK)
		return err_set(e, ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(rc));
	return move_along(self, e);
}

static const char *
header_of(CURL *easy, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

static enum request_phase
phase_of(const struct call *call)
{
	if (call->code == CURLE_OK && call->headed)
		return PHASE_ANSWERED;
	if (!call->ready || (!call->again && request_size(call) <= call->size_before))
		return PHASE_NOT_SENT;
	return PHASE_SENDING;
}

static const char *
words_of(const struct call *call)
{
	if (call->cancelled)
		return "cancelled, the spooler was stopped";
	if (call->again)
		return "the kept connection was closed before an answer came";
	if (call->code == CURLE_OK)
		return "the head of the answer was cut off";
	return call->error[0] != '\0' ? call->error : curl_easy_strerror(call->code);
}

static void
facts_of(struct call *call, struct transport_result *r)
{
	long status = 0;

	*r = (struct transport_result){ .owner = call->owner, .retry_after_ms = -1 };
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	r->phase = phase_of(call);
	if (r->phase != PHASE_NOT_SENT)
		r->http_status = (int)status;
	if (r->phase == PHASE_ANSWERED)
		r->retry_after_ms = retry_after_parse(header_of(call->easy, "Retry-After"),
		    header_of(call->easy, "Date"), clock_wall(&clock_system));
	else
		snprintf(r->error, sizeof(r->error), "%s", words_of(call));
	r->response = call->response;
	buf_init(&call->response, TRANSPORT_RESPONSE_MAX);
}

static int
curl_finished(struct transport *t, struct transport_result *ret_result)
{
	struct curl_transport *self = self_of(t);
	struct call *call = self->done;

	if (call == NULL)
		return 0;
	self->done = call->next;
	if (self->done == NULL)
		self->done_tail = &self->done;
	facts_of(call, ret_result);
	curl_multi_remove_handle(self->multi, call->easy);
	/* The body is the caller's again. */
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, NULL);
	put_idle(self, call);
	return 1;
}

static void
curl_cancel(struct transport *t)
{
	struct curl_transport *self = self_of(t);

	while (self->active != NULL) {
		self->active->cancelled = true;
		end_call(self, self->active, CURLE_ABORTED_BY_CALLBACK);
	}
}

static void
curl_wake(struct transport *t)
{
	curl_multi_wakeup(self_of(t)->multi);
}

static void
forget_calls(struct curl_transport *self, struct call *call)
{
	for (struct call *c = call; c != NULL; c = c->next)
		curl_multi_remove_handle(self->multi, c->easy);
	free_calls(call);
}

static void
curl_free_transport(struct transport *t)
{
	struct curl_transport *self = self_of(t);

	forget_calls(self, self->active);
	forget_calls(self, self->done);
	free_calls(self->idle);
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

/* ---- birth ---------------------------------------------------------------------------------- */

/* An empty Expect keeps libcurl from waiting for a 100 before it sends a large body. */
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
