/* Compares the dates of a certificate with the time. Cannot fail. */
#include "tls/dates.h"

#include <stdio.h>

#include "base/isotime.h"

static int64_t
soon(const struct tls_certificate *t, int64_t soon_ms)
{
	int64_t fifth = (t->not_after - t->not_before) / 5;

	return soon_ms < fifth ? soon_ms : fifth;
}

bool
tls_dates_describe(const struct tls_certificate *t, int64_t now, int64_t soon_ms,
    char ret_text[static TLS_DATES_TEXT])
{
	char from[ISOTIME_SIZE], to[ISOTIME_SIZE];

	isotime_format(t->not_before, from);
	isotime_format(t->not_after, to);
	if (now >= t->not_after)
		snprintf(ret_text, TLS_DATES_TEXT, "ended %s: renew it; %s refuse it", to,
		    t->is_client ? "servers" : "clients");
	else if (now < t->not_before)
		snprintf(ret_text, TLS_DATES_TEXT,
		    "begins only %s: set the clock of this machine, or wait", from);
	else if (soon_ms > 0 && now >= t->not_after - soon(t, soon_ms))
		snprintf(ret_text, TLS_DATES_TEXT, "ends %s: renew it", to);
	else
		return false;
	return true;
}
