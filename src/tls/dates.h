/* When a certificate has to be renewed. Pure; any thread. */
#ifndef TLS_DATES_H
#define TLS_DATES_H

#include <stdbool.h>
#include <stdint.h>

#include "tls/context.h"

#define TLS_DATES_TEXT 160

/*
 * Prints what is wrong at `now` (wall ms) with the dates, and the remedy: "ended 2026-...: renew
 * it; ...". Returns whether something is. soon_ms: a certificate that ends within this time is
 * wrong, too, unless that is more than a fifth of its whole time: programs that renew certificates
 * do it earlier, and some certificates last only a day.
 */
bool tls_dates_describe(const struct tls_certificate *t, int64_t now, int64_t soon_ms,
    char ret_text[static TLS_DATES_TEXT]);

#endif
