/*
 * Amounts as payment systems count them: whole minor units of a currency by ISO 4217. Exact: no
 * floating point. Pure; any thread.
 */
#ifndef EVENT_MAPPING_MONEY_H
#define EVENT_MAPPING_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define MONEY_CODE_SIZE 4                   /* "USD" and its end */
#define MONEY_MAX INT64_C(9007199254740991) /* what every JSON reader keeps exact: 2^53 - 1 */

/* Three letters in either case, made upper case. */
bool money_code(struct slice text, char ret_code[MONEY_CODE_SIZE]);
/* Decimals of a currency: 0 of JPY, 3 of KWD, 4 of CLF, ...; 2 of every other code. */
unsigned money_decimals(const char *code);
/*
 * A decimal such as "19.90", "-5" or "1.5e3" in minor units; half a unit is rounded away from zero.
 * False when it is not such a number, or beyond MONEY_MAX.
 */
bool money_minor(struct slice text, unsigned decimals, int64_t *ret_amount);

#endif
