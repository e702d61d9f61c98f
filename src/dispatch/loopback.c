#include "dispatch/loopback.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool
is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;
	char text[INET6_ADDRSTRLEN + 2];
	size_t n = strlen(host);

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (host[0] != '[' || n < 3 || n >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(n - 2), host + 1);
	return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

int
loopback_is_url(const char *url)
{
	CURLU *u = curl_url();
	char *host = NULL;
	int loopback = -1;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		loopback = is_loopback(host);
	curl_free(host);
	curl_url_cleanup(u);
	return loopback;
}
