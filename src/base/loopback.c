/*
 * Recognizes this machine by host name and address range, without a name lookup. Cannot fail.
 */
#include "base/loopback.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LOOPBACK_NET 127

bool
loopback_host(const char *host)
{
	struct in_addr four;
	struct in6_addr six;
	char bare[INET6_ADDRSTRLEN];
	size_t n = strlen(host);

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == LOOPBACK_NET;
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		snprintf(bare, sizeof(bare), "%.*s", (int)(n - 2), host + 1);
		host = bare;
	}
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}
