/*
 * A TLS 1.3 client has completed its handshake, and may have written a request, before the server
 * has looked at the client's certificate. The server's answer to a certificate that it does not
 * accept is an alert in place of an answer. Cannot fail.
 */
#include "dispatch/transport/certificate_alert.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* OpenSSL 3 writes "error:LLRRRRRR:", in hexadecimal digits: its library's number in the upper nine
 * bits of 32, and the reason in the lower 23. */
#define REASON_BITS 23
#define LIBRARY_SSL 20
#define REASON_ALERT 1000 /* plus the number of the alert */

static const struct {
	unsigned long alert; /* RFC 8446, section 6 */
	const char *words;
} alerts[] = {
	{ 42, "the server refuses this side's certificate" }, /* bad_certificate */
	{ 43, "the server refuses this side's certificate" }, /* unsupported_certificate */
	{ 44, "the server has revoked this side's certificate" },
	{ 45, "this side's certificate has expired" },
	{ 46, "the server refuses this side's certificate" }, /* certificate_unknown */
	{ 48, "the server does not know the authority of this side's certificate" },
	{ 49, "the server refuses this side's certificate" }, /* access_denied */
	{ 116, "the server wants a certificate: set client_certificate_file" },
};

const char *
certificate_alert(const char *error)
{
	static const char start[] = "error:";
	const char *at = strstr(error, start);
	unsigned long code = at == NULL ? 0 : strtoul(at + sizeof(start) - 1, NULL, 16);

	if (code >> REASON_BITS != LIBRARY_SSL)
		return NULL;
	code &= (1UL << REASON_BITS) - 1;
	for (size_t i = 0; i < sizeof(alerts) / sizeof(*alerts); i++)
		if (code == REASON_ALERT + alerts[i].alert)
			return alerts[i].words;
	return NULL;
}
