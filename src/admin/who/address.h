/* Where a client is, as limits count it. Pure. */
#ifndef ADMIN_WHO_ADDRESS_H
#define ADMIN_WHO_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#define WHO_ADDRESS_TEXT 48 /* bytes of an address as text */

/* An IPv4 address as one of IPv6, or the network of 64 bits that an IPv6 client may choose its
 * address in. All clients of unix sockets share one, whose bytes are 0. */
struct who_address {
	unsigned char bytes[16];
};

struct who_address who_address_of(const struct sockaddr_storage *peer);
bool who_address_equals(const struct who_address *a, const struct who_address *b);
void who_address_print(const struct who_address *a, char ret_text[WHO_ADDRESS_TEXT]);

#endif
