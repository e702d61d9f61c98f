/*
 * One request on a libcurl handle: its options, its callbacks, and the classification of its end.
 * Normal path: the call is set up, driven by transport_curl.c, classified, and reused. Setting up
 * can fail (no memory, a URL that libcurl refuses).
 */
#include "dispatch/transport/curl_call.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loopback.h"
#include "dispatch/transport/certificate_alert.h"
#include "dispatch/transport/retry_after.h"

/* A connection that was idle longer is not reused: servers and NAT boxes drop idle connections,
 * most of them later than this. */
#define REST_MAX_SECONDS 30L
#define REPORT_MAX 256 /* bytes of the header Bentospool-Box */

/* Most answers are shorter, so that reading one needs no memory after the request has gone out. */
#define ANSWER_USUAL 4096

/* ---- callbacks ------------------------------------------------------------------------------ */

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct curl_call *call = arg;
	size_t room = TRANSPORT_RESPONSE_MAX - call->response.n;

	(void)size; /* always 1 */
	buf_append(&call->response, p, n < room ? n : room);
	call->received += n;
	/* An endless answer would occupy the connection until the timeout: libcurl aborts it. One
	 * that could not be kept must not pass for an empty one. */
	return call->received > TRANSPORT_READ_MAX || call->response.failed ? 0 : n;
}

/* Called for each line of a head; another head (after a 100, for example) begins with its status
 * line. */
static size_t
on_head(char *p, size_t size, size_t n, void *arg)
{
	struct curl_call *call = arg;

	(void)size; /* always 1 */
	if (n > 5 && memcmp(p, "HTTP/", 5) == 0)
		call->headed = false;
	else if (n > 0 && (p[0] == '\r' || p[0] == '\n'))
		call->headed = true;
	return n;
}

static long
request_size(const struct curl_call *call)
{
	long size = 0;

	curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &size);
	return size;
}

static int
on_connection(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct curl_call *call = arg;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	if (call->ready && request_size(call) > call->size_before) {
		call->again = true;
		return CURL_PREREQFUNC_ABORT;
	}
	/* Whoever was stopped (SIGSTOP) while connecting would send, and give up at once. */
	call->late = clock_awake() >= call->deadline_ms;
	if (call->late)
		return CURL_PREREQFUNC_ABORT;
	call->ready = true;
	call->size_before = request_size(call);
	return CURL_PREREQFUNC_OK;
}

/* ---- the handle -------------------------------------------------------------------------- */

/* Options that are equal for every request. */
static CURLcode
set_up_handle(struct curl_call *call, const char *user_agent, struct curl_slist *headers)
{
	CURL *c = call->easy;
	CURLcode rc = CURLE_OK;

#define SET(option_, value_) rc = rc != CURLE_OK ? rc : curl_easy_setopt(c, option_, value_)
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L); /* the end must not wait for a name server */
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
	/* One request at a time on a connection: its end is simpler to classify than a stream's. */
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_MAXAGE_CONN, REST_MAX_SECONDS);
	SET(CURLOPT_USERAGENT, user_agent);
	SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_POST, 1L);
#undef SET
	return rc;
}

struct curl_call *
curl_call_new(const char *user_agent, struct curl_slist *headers)
{
	struct curl_call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return NULL;
	buf_init(&call->response, TRANSPORT_RESPONSE_MAX);
	call->common = headers;
	call->easy = curl_easy_init();
	if (call->easy == NULL || set_up_handle(call, user_agent, headers) != CURLE_OK) {
		curl_call_free(call);
		return NULL;
	}
	return call;
}

/* Frees the headers of one request, but not those that follow them. */
static void
free_headers(struct curl_call *call)
{
	struct curl_slist *last = call->own;

	if (last == NULL)
		return;
	while (last->next != call->common)
		last = last->next;
	last->next = NULL;
	curl_slist_free_all(call->own);
	call->own = NULL;
}

void
curl_call_free(struct curl_call *call)
{
	curl_easy_cleanup(call->easy);
	free_headers(call);
	buf_free(&call->response);
	free(call);
}

/* Whether the URL's host is this machine; -1 when it is not a URL. */
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

/*
 * With ca_file, only its certificates are trusted. The handle may have served another site before,
 * so the built-in paths are restored for a site without ca_file; NULL would mean that no
 * certificate is trusted.
 */
static CURLcode
set_up_trust(CURL *c, const char *ca_file)
{
	char *file = NULL, *path = NULL;
	CURLcode rc;

	curl_easy_getinfo(c, CURLINFO_CAINFO, &file);
	curl_easy_getinfo(c, CURLINFO_CAPATH, &path);
	rc = curl_easy_setopt(c, CURLOPT_CAINFO, ca_file != NULL ? ca_file : file);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(c, CURLOPT_CAPATH, ca_file != NULL ? NULL : path);
	return rc;
}

static CURLcode
set_text_blob(CURL *c, CURLoption option, const char *text)
{
	/* libcurl does not change what it borrows. */
	struct curl_blob blob = { .data = (void *)(uintptr_t)text,
		.len = text == NULL ? 0 : strlen(text),
		.flags = CURL_BLOB_NOCOPY };

	return curl_easy_setopt(c, option, text == NULL ? NULL : &blob);
}

/*
 * The handle may have served another site before, so a request without a certificate takes away
 * the last one. A kept connection is used only by requests with the certificate that it was opened
 * with: libcurl compares the texts.
 */
static CURLcode
set_up_certificate(CURL *c, const struct transport_request *r)
{
	CURLcode rc = set_text_blob(c, CURLOPT_SSLCERT_BLOB, r->client_certificate);

	return rc != CURLE_OK ? rc : set_text_blob(c, CURLOPT_SSLKEY_BLOB, r->client_private_key);
}

/* Puts a header before the others. */
static int
add_header(struct curl_call *call, const char *text)
{
	struct curl_slist *one = curl_slist_append(NULL, text);

	if (one == NULL)
		return -1;
	one->next = call->own != NULL ? call->own : call->common;
	call->own = one;
	return 0;
}

static CURLcode
set_up_headers(struct curl_call *call, const struct transport_request *r)
{
	char report[REPORT_MAX];

	free_headers(call);
	snprintf(report, sizeof(report), "Bentospool-Box: %s", r->report == NULL ? "" : r->report);
	if ((r->gzip && add_header(call, "Content-Encoding: gzip") != 0)
	    || (r->report != NULL && add_header(call, report) != 0))
		return CURLE_OUT_OF_MEMORY;
	return curl_easy_setopt(
	    call->easy, CURLOPT_HTTPHEADER, call->own != NULL ? call->own : call->common);
}

/* Options of one request. */
static CURLcode
set_up_request(struct curl_call *call, const struct transport_request *r, bool loopback)
{
	/* Connecting may take half of the time; nothing that counts is in the socket before. */
	long timeout = r->timeout_ms > INT_MAX ? INT_MAX : (long)r->timeout_ms;
	CURL *c = call->easy;
	CURLcode rc = CURLE_OK;

#define SET(option_, value_) rc = rc != CURLE_OK ? rc : curl_easy_setopt(c, option_, value_)
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_USERNAME, r->user);
	SET(CURLOPT_PASSWORD, r->password);
	/* An empty proxy disables the environment variables; NULL uses them. */
	SET(CURLOPT_PROXY, loopback ? "" : NULL);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (timeout + 1) / 2);
	SET(CURLOPT_POSTFIELDS, r->body.p); /* borrowed, not copied */
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
#undef SET
	if (rc == CURLE_OK)
		rc = set_up_headers(call, r);
	if (rc == CURLE_OK)
		rc = set_up_certificate(c, r);
	return rc != CURLE_OK ? rc : set_up_trust(c, r->ca_file);
}

int
curl_call_set_up(struct curl_call *call, const struct transport_request *r, struct err *e)
{
	int loopback = url_is_loopback(r->url);

	if (loopback < 0)
		return err_set(e, ERR_INPUT, "api_url is not a URL");
	call->owner = r->owner;
	call->ready = call->again = call->late = call->headed = call->canceled = false;
	call->size_before = 0;
	call->code = CURLE_OK;
	call->error[0] = '\0';
	buf_clear(&call->response);
	if (buf_reserve(&call->response, ANSWER_USUAL) == NULL)
		return err_nomem(e);
	call->received = 0;
	call->deadline_ms = clock_awake() + r->timeout_ms;
	return set_up_request(call, r, loopback == 1) == CURLE_OK ? 0 : err_nomem(e);
}

/* ---- classification ----------------------------------------------------------------------- */

static const char *
header_of(CURL *easy, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

/* Returns what the server said of this side's certificate in place of an answer; NULL when it said
 * nothing. On a kept connection it has accepted the certificate before. A server that began an
 * answer has read the request, even if it asks for the certificate only then. */
static const char *
refused_certificate(const struct curl_call *call, long status)
{
	long connects = 0;

	curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &connects);
	return call->code == CURLE_OK || call->again || connects == 0 || status != 0
		   ? NULL
		   : certificate_alert(call->error);
}

static enum request_phase
phase_of(const struct curl_call *call, long status)
{
	if (call->code == CURLE_OK && call->headed && status != 0)
		return PHASE_ANSWERED;
	/* What was written then has not left the server's TLS. */
	if (refused_certificate(call, status) != NULL)
		return PHASE_NOT_SENT;
	if (!call->ready || (!call->again && request_size(call) <= call->size_before))
		return PHASE_NOT_SENT;
	return PHASE_SENDING;
}

static const char *
words_of(const struct curl_call *call)
{
	if (call->canceled)
		return "canceled, because the spooler was stopped";
	if (call->again)
		return "the kept connection was closed before an answer came";
	if (call->late)
		return "timed out before the request went out";
	if (call->response.failed)
		return "no memory for the answer";
	if (call->code == CURLE_OK)
		return call->headed ? "libcurl does not say the status of the answer"
				    : "the head of the answer was cut off";
	return call->error[0] != '\0' ? call->error : curl_easy_strerror(call->code);
}

static void
take_times(const struct curl_call *call, struct transport_result *result)
{
	const char *date = header_of(call->easy, "Date");
	time_t at = date == NULL ? -1 : curl_getdate(date, NULL);

	result->date = at > 0 ? (int64_t)at * 1000 : 0;
	result->retry_after_ms = retry_after_parse(
	    header_of(call->easy, "Retry-After"), date, clock_wall(&clock_system));
}

void
curl_call_classify(struct curl_call *call, struct transport_result *ret_result)
{
	const char *refused;
	long status = 0;

	*ret_result = (struct transport_result){ .owner = call->owner, .retry_after_ms = -1 };
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	refused = refused_certificate(call, status);
	ret_result->phase = phase_of(call, status);
	if (ret_result->phase != PHASE_NOT_SENT)
		ret_result->http_status = (int)status;
	if (ret_result->phase == PHASE_ANSWERED)
		take_times(call, ret_result);
	else if (refused != NULL)
		snprintf(ret_result->error, sizeof(ret_result->error), "%.80s: %.160s", refused,
		    call->error);
	else
		snprintf(ret_result->error, sizeof(ret_result->error), "%s", words_of(call));
	ret_result->response = call->response;
	buf_init(&call->response, TRANSPORT_RESPONSE_MAX);
}
