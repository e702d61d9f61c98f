/*
 * One question to Bento on libcurl's easy interface. A failed request is a result that says how far
 * the question got; only a lack of memory is an error.
 */
#include "dispatch/transport/inquiry.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/loopback.h"
#include "dispatch/transport/certificate_alert.h"
#include "event/bento/bento.h"

#define URL_MAX 4096

/* Anybody may have sent it, so control characters and bytes beyond ASCII become blanks. */
static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
	struct inquiry_result *r = arg;
	size_t at = strlen(r->answer);

	for (size_t i = 0; i < size * n && at + 1 < sizeof(r->answer); i++)
		r->answer[at++] = isprint((unsigned char)data[i]) ? data[i] : ' ';
	return size * n;
}

static size_t
take_header(char *line, size_t size, size_t n, void *arg)
{
	static const char name[] = "date:";
	struct inquiry_result *r = arg;
	char text[80];
	time_t at;

	if (n > sizeof(name) && n < sizeof(text)
	    && strncasecmp(line, name, sizeof(name) - 1) == 0) {
		snprintf(text, sizeof(text), "%.*s", (int)(n - sizeof(name) + 1),
		    line + sizeof(name) - 1);
		at = curl_getdate(text, NULL);
		r->date = at > 0 ? (int64_t)at * 1000 : 0;
	}
	return size * n;
}

static enum inquiry_reach
reach_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OK:
		return INQUIRY_ANSWERED;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_URL_MALFORMAT:
		return INQUIRY_NO_NAME;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return INQUIRY_NO_TRUST;
	default:
		return INQUIRY_NO_ANSWER;
	}
}

static int
append_url(const struct inquiry *q, struct buf *url)
{
	char *uuid;

	if (q->center) {
		bento_url(url, q->api_url, BENTO_CENTER, "");
		return url->failed ? -1 : 0;
	}
	uuid = curl_easy_escape(NULL, q->site_uuid, 0);
	if (uuid != NULL)
		buf_printf(url, "%s/fetch/tags?site_uuid=%s", q->api_url, uuid);
	curl_free(uuid);
	return uuid == NULL || url->failed ? -1 : 0;
}

static void
set_up(
    CURL *c, const char *url, const char *user_agent, int64_t timeout_ms, struct inquiry_result *r)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_USERAGENT, user_agent);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, r->error);
}

static void
set_up_certificate(CURL *c, const struct inquiry *q)
{
	struct curl_blob blob = { .flags = CURL_BLOB_NOCOPY };

	if (q->client_certificate == NULL)
		return;
	blob.data = (void *)(uintptr_t)q->client_certificate;
	blob.len = strlen(q->client_certificate);
	curl_easy_setopt(c, CURLOPT_SSLCERT_BLOB, &blob);
	blob.data = (void *)(uintptr_t)q->client_private_key;
	blob.len = strlen(q->client_private_key);
	curl_easy_setopt(c, CURLOPT_SSLKEY_BLOB, &blob);
}

static void
set_up_bento(CURL *c, const struct inquiry *q)
{
	struct inquiry_place place;

	curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(c, CURLOPT_USERNAME, q->publishable_key);
	curl_easy_setopt(c, CURLOPT_PASSWORD, q->secret_key);
	curl_easy_setopt(c, CURLOPT_CERTINFO, 1L);
	if (inquiry_find_place(q->api_url, &place, NULL) == 0 && loopback_host(place.host))
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	set_up_certificate(c, q);
	if (q->ca_file[0] == '\0')
		return;
	curl_easy_setopt(c, CURLOPT_CAINFO, q->ca_file);
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
}

/* Returns when the server's own certificate ends (wall ms); 0: unknown. */
static int64_t
certificate_end(CURL *c)
{
	static const char name[] = "Expire date:";
	struct curl_certinfo *info = NULL;
	time_t at = 0;

	if (curl_easy_getinfo(c, CURLINFO_CERTINFO, &info) != CURLE_OK || info == NULL
	    || info->num_of_certs < 1)
		return 0;
	for (struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next)
		if (strncmp(line->data, name, sizeof(name) - 1) == 0)
			at = curl_getdate(line->data + sizeof(name) - 1, NULL);
	return at > 0 ? (int64_t)at * 1000 : 0;
}

static void
perform(CURL *c, struct inquiry_result *r)
{
	CURLcode code;
	long status = 0;

	_Static_assert(sizeof(r->error) >= CURL_ERROR_SIZE, "room for libcurl's error text");
	code = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	r->refusal = certificate_alert(r->error);
	r->reach = r->refusal != NULL ? INQUIRY_NO_TRUST : reach_of(code);
	r->status = (int)status;
	r->took_ms = clock_wall(&clock_system) - r->asked_at;
	r->certificate_end = certificate_end(c);
	if (code == CURLE_OK)
		r->error[0] = '\0';
	else if (r->error[0] == '\0')
		snprintf(r->error, sizeof(r->error), "%s", curl_easy_strerror(code));
}

int
inquiry_ask(const struct inquiry *q, struct inquiry_result *ret_result, struct err *e)
{
	CURL *c = curl_easy_init();
	struct buf url;
	int rc;

	*ret_result = (struct inquiry_result){ .asked_at = clock_wall(&clock_system) };
	buf_init(&url, URL_MAX);
	rc = c == NULL || append_url(q, &url) != 0 ? err_nomem(e) : 0;
	if (rc == 0) {
		set_up(c, url.p, q->user_agent, q->timeout_ms, ret_result);
		set_up_bento(c, q);
		perform(c, ret_result);
	}
	curl_easy_cleanup(c);
	buf_free(&url);
	return rc;
}

int
inquiry_ask_open(const char *url, const char *unix_path, const char *user_agent, int64_t timeout_ms,
    struct inquiry_result *ret_result, struct err *e)
{
	CURL *c = curl_easy_init();

	*ret_result = (struct inquiry_result){ .asked_at = clock_wall(&clock_system) };
	if (c == NULL)
		return err_nomem(e);
	set_up(c, url, user_agent, timeout_ms, ret_result);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
	if (unix_path != NULL)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, unix_path);
	perform(c, ret_result);
	curl_easy_cleanup(c);
	return 0;
}

static int
read_place(CURLU *u, const char *url, struct inquiry_place *place)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	size_t n = 0;

	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
		const char *bare = host + (host[0] == '[');

		n = strcspn(bare, "]");
		place->tls = strcmp(scheme, "https") == 0;
		place->port = (int)strtol(port, NULL, 10);
		if (n < sizeof(place->host))
			snprintf(place->host, sizeof(place->host), "%.*s", (int)n, bare);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return n > 0 && n < sizeof(place->host) ? 0 : -1;
}

int
inquiry_find_place(const char *url, struct inquiry_place *ret_place, struct err *e)
{
	struct inquiry_place place = { .port = 0 };
	CURLU *u = curl_url();
	int rc;

	if (u == NULL)
		return err_nomem(e);
	rc = read_place(u, url, &place);
	curl_url_cleanup(u);
	if (rc != 0)
		return err_set(e, ERR_INPUT, "api_url is not a URL");
	*ret_place = place;
	return 0;
}
