#include "dispatch/inquiry.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"

#define URL_MAX 4096

static size_t
ignore_body(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
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
	char *uuid = curl_easy_escape(NULL, q->site_uuid, 0);

	if (uuid != NULL)
		buf_printf(url, "%s/fetch/tags?site_uuid=%s", q->api_url, uuid);
	curl_free(uuid);
	return uuid == NULL || url->failed ? -1 : 0;
}

static void
set_up(CURL *c, const struct inquiry *q, const char *url, struct inquiry_result *r)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_USERAGENT, q->user_agent);
	curl_easy_setopt(c, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(c, CURLOPT_USERNAME, q->publishable_key);
	curl_easy_setopt(c, CURLOPT_PASSWORD, q->secret_key);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore_body);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, r->error);
	if (q->ca_file[0] != '\0')
		curl_easy_setopt(c, CURLOPT_CAINFO, q->ca_file);
}

int
inquiry_ask(const struct inquiry *q, struct inquiry_result *ret_result, struct err *e)
{
	struct inquiry_result *r = ret_result;
	CURL *c = curl_easy_init();
	long status = 0;
	struct buf url;
	CURLcode code;
	int rc;

	_Static_assert(sizeof(r->error) >= CURL_ERROR_SIZE, "room for libcurl's words");
	*r = (struct inquiry_result){ .asked_at = clock_wall(&clock_system) };
	buf_init(&url, URL_MAX);
	rc = c == NULL || append_url(q, &url) != 0 ? err_nomem(e) : 0;
	if (rc == 0) {
		set_up(c, q, url.p, r);
		code = curl_easy_perform(c);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		r->reach = reach_of(code);
		r->status = (int)status;
		r->took_ms = clock_wall(&clock_system) - r->asked_at;
		if (code == CURLE_OK)
			r->error[0] = '\0';
		else if (r->error[0] == '\0')
			snprintf(r->error, sizeof(r->error), "%s", curl_easy_strerror(code));
	}
	curl_easy_cleanup(c);
	buf_free(&url);
	return rc;
}
