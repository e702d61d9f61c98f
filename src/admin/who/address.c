/* One client can have as many IPv6 addresses as it wants, so a limit must count its whole network.
 * Nothing fails. */
#include "admin/who/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define NETWORK 8 /* bytes of an IPv6 network */

static const unsigned char four_begins[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_four(const unsigned char bytes[16])
{
	return memcmp(bytes, four_begins, sizeof(four_begins)) == 0;
}

struct who_address
who_address_of(const struct sockaddr_storage *peer)
{
	struct who_address a = { { 0 } };
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (peer->ss_family == AF_INET) {
		memcpy(&four, peer, sizeof(four));
		memcpy(a.bytes, four_begins, sizeof(four_begins));
		memcpy(a.bytes + sizeof(four_begins), &four.sin_addr, sizeof(four.sin_addr));
	} else if (peer->ss_family == AF_INET6) {
		memcpy(&six, peer, sizeof(six));
		memcpy(a.bytes, &six.sin6_addr,
		    is_four(six.sin6_addr.s6_addr) ? sizeof(a.bytes) : NETWORK);
	}
	return a;
}

bool
who_address_equals(const struct who_address *a, const struct who_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void
who_address_print(const struct who_address *a, char ret_text[WHO_ADDRESS_TEXT])
{
	static const struct who_address none;

	if (who_address_equals(a, &none))
		snprintf(ret_text, WHO_ADDRESS_TEXT, "a unix socket");
	else if (is_four(a->bytes))
		inet_ntop(AF_INET, a->bytes + sizeof(four_begins), ret_text, WHO_ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, a->bytes, ret_text, WHO_ADDRESS_TEXT);
}
